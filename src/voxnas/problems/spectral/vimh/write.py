"""Writing a VIMH set: the whole folder appears, or none of it."""

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from voxnas.problems.spectral.vimh.dataset import CHUNK, PARTS, VimhSet
from voxnas.problems.spectral.vimh.folder import FolderName
from voxnas.problems.spectral.vimh.metadata import FILE, Metadata
from voxnas.utils.errors import InputError


def write_set(folder: str | Path, metadata: Metadata, parts: Mapping[str, Iterable[np.ndarray]]) -> Path:
    """Write records, in chunks of any length for each of `train` and `test`, and the JSON.

    Raises InputError where the folder is there already or cannot be written.
    """
    where = Path(folder).expanduser()
    if where.exists():
        raise InputError(f"{where}: is there already; name another folder, or delete it")
    with _whole(where) as unfinished:
        for part in PARTS:
            with (unfinished / part).open("wb") as file:
                for records in parts[part]:
                    file.write(records.tobytes())
        (unfinished / FILE).write_bytes(metadata.written().encode())
    return where


def copy_set(opened: VimhSet, folder: str | Path) -> Path:
    """Write a set that was read again, record by record; the same bytes, without pickles."""
    where = Path(folder).expanduser()
    name, own = FolderName.parse(where.resolve().name), FolderName.parse(opened.folder.resolve().name)
    if name != own:
        raise InputError(f"copy_to={where}: a set's folder keeps its name, {opened.folder.resolve().name}")
    return write_set(where, opened.metadata, {part: _chunks(getattr(opened, part)) for part in PARTS})


def _chunks(records: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(records), CHUNK):
        yield records[start : start + CHUNK]


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A folder beside, which takes the name if the block succeeds."""
    unfinished = folder.with_name(f".tmp-{secrets.token_hex(4)}-{folder.name}")
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
        os.replace(unfinished, folder)
    except OSError as error:
        if error.errno is None:  # of a library, not of the disk
            raise
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
