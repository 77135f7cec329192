"""Writing a file so that a reader sees the old one or the new one, never a part."""

import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

READERS_BLOCK = os.name == "nt"
_TEMPORARIES = f".tmp-{8 * '[0-9a-f]'}-*"  # as `replacing` names them, for pathlib


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, of the same ending; it takes `path`'s place if the block succeeds.

    The folder is made. What was written is on the disk before the name changes, so that a power cut leaves
    one or the other. Safe with several processes, threads and machines on the same path. An OSError of the
    system names `path`.
    """
    temporary = path.with_name(f".tmp-{secrets.token_hex(4)}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("r+b") as file:  # Windows syncs only what is open for writing
            os.fsync(file.fileno())
        _replace(temporary, path)
    except OSError as error:
        if error.errno and error.filename in (None, os.fspath(temporary)):
            error.filename = os.fspath(path)
        raise
    finally:
        with suppress(OSError):  # there may not even be such a folder
            temporary.unlink(missing_ok=True)


def _replace(temporary: Path, path: Path) -> None:
    """`os.replace`, tried again for a second where a file that somebody reads cannot be replaced."""
    for wait_s in (0.01, 0.05, 0.2, 0.8) if READERS_BLOCK else ():
        try:
            return os.replace(temporary, path)
        except PermissionError:
            time.sleep(wait_s)
    return os.replace(temporary, path)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text in one step."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write bytes in one step."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_first(path: Path, text: str) -> None:
    """Write UTF-8 text in one step, unless another process was first."""
    own = path.with_name(f".{path.stem}-{socket.gethostname()}-{os.getpid()}{path.suffix}")
    write_text(own, text)
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        _replace(own, path)
    finally:
        own.unlink(missing_ok=True)


def remove_temporaries(folder: Path) -> None:
    """Delete what killed processes left half-written, at any depth. Whoever still writes there fails."""
    for leftover in list(folder.rglob(_TEMPORARIES)):
        with suppress(OSError):
            leftover.unlink()
