"""Processes one after the other, as a shell runs them."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from voxnas.commands.steps import Call

FAILED, INTERRUPTED, OF_SIGNAL = 1, 130, 128


def run(calls: Sequence[Call]) -> int:
    """Runs the calls until one fails; the exit code, as a shell counts it."""
    status = 0
    for call in calls:
        code = _code(call.command)
        if code == FAILED and call.may_fail:
            status = FAILED
        elif code:
            return code
    return status


def _code(command: Sequence[str]) -> int:
    # What is not the console's would be written in the code page of Windows, which lacks half of the signs
    environment = os.environ | ({"PYTHONUTF8": "1"} if os.name == "nt" else {})
    with subprocess.Popen(command, env=environment) as process, _passed_on(process) as pressed:
        code = process.wait()
    if code < 0:
        return OF_SIGNAL - code
    return INTERRUPTED if pressed and code == 0 else code


@contextmanager
def _passed_on(process: "subprocess.Popen[bytes]") -> Iterator[list[int]]:
    """The process alone answers signals, in its own words; the list has those that came meanwhile.

    Ctrl-C reaches it from the terminal, SIGTERM from here.
    """
    pressed: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        if number == signal.SIGTERM:
            process.terminate()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, note)
    try:
        yield pressed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
