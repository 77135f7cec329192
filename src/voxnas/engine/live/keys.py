"""Keyboard of the terminal, one key at a time, without waiting for Enter."""

import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

ReadKey = Callable[[float], str]
POLL_SECONDS = 0.02


@contextmanager
def keyboard(file: int | None = None) -> Iterator[ReadKey]:
    """A function that waits up to so many seconds for a key and returns it, or an empty string.

    `file` is the descriptor of a terminal, standard input by default. Without a terminal there are no keys,
    and the function waits. Ctrl-C stays an interrupt. The terminal is put back as it was.
    """
    file = _standard_input() if file is None else file
    if file is None or not os.isatty(file):
        yield _no_keys
    elif os.name == "nt":
        yield _windows_key
    else:
        termios: Any = importlib.import_module("termios")
        tty: Any = importlib.import_module("tty")
        before = termios.tcgetattr(file)
        try:
            tty.setcbreak(file)
            yield lambda seconds: _unix_key(file, seconds)
        finally:
            termios.tcsetattr(file, termios.TCSADRAIN, before)


def _standard_input() -> int | None:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # there is none, or it is replaced or closed
        return None


def _no_keys(seconds: float) -> str:
    time.sleep(seconds)
    return ""


def _unix_key(file: int, seconds: float) -> str:
    import select

    ready, _, _ = select.select([file], [], [], seconds)
    return os.read(file, 1).decode("ascii", "ignore") if ready else ""


def _windows_key(seconds: float) -> str:
    console: Any = importlib.import_module("msvcrt")
    end = time.monotonic() + seconds
    while not console.kbhit():
        if time.monotonic() >= end:
            return ""
        time.sleep(POLL_SECONDS)
    return str(console.getwch())
