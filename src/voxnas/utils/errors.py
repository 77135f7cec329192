"""Errors that are the user's to mend, and are shown as one line."""

import errno
import os
from collections.abc import Sequence

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_BARRED = {errno.EROFS, errno.EACCES, errno.EPERM}
_BROKEN = {errno.EIO, errno.ESTALE}


class VoxnasError(Exception):
    """Error that says in one line what is wrong, in which file or setting, and what to do about it."""


class InputError(VoxnasError):
    """Error of recordings, a file or a setting: no candidate of a sweep could do better."""


class InputErrors(InputError):
    """Several of them, each with its line."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(" ".join(line.split()) for line in lines))


class Unfit(VoxnasError):
    """Error of a candidate that training has shown to be of no use; it is rejected, and not tried again."""


class Stop(SystemExit):
    """Ends the program, and a sweep with it, after `message` has been shown."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message, code)
        self.message, self.code = message, code


class StorageError(InputError):
    """Error of the disk: nothing can be written where the results lie. What is there already is whole."""


class Busy(VoxnasError):
    """Error that another process is doing this, and will finish it unless it dies."""


def storage_error(error: BaseException | None, folder: str | os.PathLike[str]) -> StorageError | None:
    """StorageError for a full, read-only or broken disk if that is what lies behind an error, else None.

    `folder` is named where the system does not say which file it was.
    """
    while error is not None:
        if isinstance(error, StorageError):
            return error
        if isinstance(error, OSError) and error.errno in _FULL | _BARRED | _BROKEN:
            place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else folder
            return StorageError(f"{os.strerror(error.errno)}: {_advice(error.errno)}: {place}")
        error = error.__cause__ or error.__context__
    return None


def _advice(number: int) -> str:
    if number in _FULL:
        return "free some and run again"
    return "make it writable and run again" if number in _BARRED else "see to the disk and run again"
