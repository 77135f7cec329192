"""Failures of native code, as Python's own; see failure.h."""

import ctypes

DONE, TOO_SHORT, NO_MEMORY = 0, 1, 2  # of the enum Status


def failure_message(library: ctypes.CDLL) -> str:
    """The words of the library's last failure in this thread."""
    library.voxnas_failure.restype = ctypes.c_char_p
    return bytes(library.voxnas_failure()).decode(errors="replace")


def check(library: ctypes.CDLL, status: int) -> None:
    """Raises MemoryError or RuntimeError if a function's status says that it failed."""
    if status == NO_MEMORY:
        raise MemoryError(failure_message(library))
    if status != DONE:
        raise RuntimeError(failure_message(library))
