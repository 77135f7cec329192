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
from typing import NamedTuple

import pytest
from processes import running

USER = "voxnas"


class PostgresServer(NamedTuple):
    """Its socket is in `folder`."""

    folder: Path
    password: str

    def new_database(self) -> str:
        """The URL of an empty database, as SQLAlchemy has it."""
        import psycopg2

        name = f"study_{secrets.token_hex(4)}"
        connection = psycopg2.connect(self._url("postgres"))
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name}")
        connection.close()
        return self._url(name).replace("postgresql", "postgresql+psycopg2", 1)

    def _url(self, database: str) -> str:
        return f"postgresql://{USER}:{self.password}@/{database}?host={self.folder}"


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start one. Skips the test with the reason where that is not possible."""
    programs = _programs()
    with TemporaryDirectory(prefix="postgres-", dir="/tmp") as path:  # a socket's path has at most 107 bytes
        folder, user, password = Path(path), _user(), secrets.token_hex(16)
        (folder / "password").write_text(password)
        data = folder / "data"
        data.mkdir()
        if user:
            for owned in (folder, data, folder / "password"):
                shutil.chown(owned, user)
        initdb = [programs / "initdb", f"--pgdata={data}", f"--username={USER}", "--auth=scram-sha-256"]
        made = subprocess.run(
            [*initdb, f"--pwfile={folder}/password"], user=user, cwd=folder, capture_output=True, text=True
        )
        if made.returncode:
            pytest.skip(f"PostgreSQL does not start here: {made.stderr.strip()}")
        server = [f"{programs}/postgres", "-D", str(data), "-k", str(folder), "-c", "listen_addresses="]
        # SIGTERM would wait for those who are still connected
        with running(server, folder, user=user, stop=signal.SIGINT):
            _await_server(PostgresServer(folder, password))
            yield PostgresServer(folder, password)


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


def _await_server(server: PostgresServer) -> None:
    import psycopg2

    deadline = time.monotonic() + 30
    while True:
        try:
            server.new_database()
            return
        except psycopg2.OperationalError as error:
            if time.monotonic() > deadline:
                pytest.skip(f"PostgreSQL does not start here: {str(error).strip()}")
            time.sleep(0.2)
