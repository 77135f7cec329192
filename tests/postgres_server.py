"""A PostgreSQL server for the length of a test: on a socket in a folder, with a password.

It wants Debian's postgresql (`make test-services`).
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from processes import running

NAME = "voxnas"  # of the user and of the database


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start one; its URL for Optuna. Skips the test with the reason where that is not possible."""
    programs = _programs()
    with TemporaryDirectory(prefix="postgres-", dir="/tmp") as path:  # a socket's path has at most 107 bytes
        folder, user, password = Path(path), _user(), secrets.token_hex(16)
        (folder / "password").write_text(password)
        data = folder / "data"
        data.mkdir()
        if user:
            for owned in (folder, data, folder / "password"):
                shutil.chown(owned, user)
        initdb = [programs / "initdb", f"--pgdata={data}", f"--username={NAME}", "--auth=scram-sha-256"]
        made = subprocess.run(
            [*initdb, f"--pwfile={folder}/password"], user=user, cwd=folder, capture_output=True, text=True
        )
        if made.returncode:
            pytest.skip(f"PostgreSQL does not start here: {made.stderr.strip()}")
        server = [f"{programs}/postgres", "-D", str(data), "-k", str(folder), "-c", "listen_addresses="]
        # SIGTERM would wait for those who are still connected
        with running(server, folder, user=user, stop=signal.SIGINT):
            _make_database(folder, password)
            yield f"postgresql+psycopg2://{NAME}:{password}@/{NAME}?host={folder}"


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))  # Debian keeps them off the PATH
    which = shutil.which("initdb")
    if not found and which is None:
        pytest.skip("PostgreSQL is not installed; Debian, Ubuntu: make test-services")
    return (found[-1] if found else Path(which or "").resolve()).parent


def _user() -> str | None:
    """PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _make_database(folder: Path, password: str) -> None:
    import psycopg2

    deadline = time.monotonic() + 30
    while True:
        try:
            connection = psycopg2.connect(host=str(folder), user=NAME, password=password, dbname="postgres")
            break
        except psycopg2.OperationalError as error:
            if time.monotonic() > deadline:
                pytest.skip(f"PostgreSQL does not start here: {str(error).strip()}")
            time.sleep(0.2)
    connection.autocommit = True
    connection.cursor().execute(f"CREATE DATABASE {NAME}")
    connection.close()
