"""Ctrl-C while a script is still importing: one line at once. Scripts import this before all else.

There is nothing to tidy up then, and libraries that are interrupted half-imported raise whatever they like.
"""

import os
import signal
from types import FrameType

LINE = "interrupted: nothing was done yet\n"
CODE = 130


def until_started() -> None:
    """End the process in one line from now on, where Ctrl-C would otherwise raise."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def started() -> None:
    """From now on Ctrl-C raises KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, LINE.encode())
    os._exit(CODE)
