"""Claims: a folder is held by one process at a time, among any number on any number of machines.

A claim is a file that exists while its holder lives: created exclusively, which is atomic on network folders
too, and touched by a thread of the holder again and again. Nothing is ever concluded from comparing clocks: a
claim is stale when an observer has seen it unchanged for long enough by the observer's own clock, or when the
process that it names is gone from this very machine. A stale claim is removed under a second claim whose name
says which one is meant, so that two who wait never both take it.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from voxnas.records.holder import DEFAULT_STALE_AFTER_S, Holder, create, delete, read
from voxnas.utils.errors import Busy

CLAIM = ".claim"
_BEATS = 6  # that a holder must miss in a row


class ClaimLost(Busy):
    """The holder was away for so long that another process took over."""


class Watch:
    """One process's view of a claim over time: whether it is free, be it that its holder is gone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.holder: Holder | None = None
        self._since = 0.0
        self._removal: Watch | None = None

    def free(self) -> bool:
        """Whether nobody holds it. A stale claim is removed; only one of many who see it so does that."""
        seen = read(self.path)
        if seen is None:
            return True
        if seen != self.holder:
            self.holder, self._since = seen, time.monotonic()  # does not count while this machine sleeps
        if not seen.is_gone() and time.monotonic() - self._since < seen.stale_after_s:
            return False
        return self._remove(seen)

    def _remove(self, stale: Holder) -> bool:
        permit = Path(f"{self.path}-{stale.token}")
        if self._removal is None or self._removal.path != permit:
            self._removal = Watch(permit)
        if not self._removal.free() or (token := create(permit, stale.stale_after_s)) is None:
            return False
        try:
            if read(self.path) == stale:  # not touched since, nor removed and claimed anew
                self.path.unlink(missing_ok=True)
            return not self.path.exists()
        finally:
            delete(permit, token)


class Claim:
    """A folder, held until `release`: what `claimed` and `in_turn` yield."""

    waited = False  # for another holder

    def __init__(self, path: Path, token: str, stale_after_s: float = DEFAULT_STALE_AFTER_S) -> None:
        self.path, self.token, self.stale_after_s = path, token, stale_after_s
        self._lost = False
        self._fresh = _awake_or_not()
        self._released = threading.Event()
        threading.Thread(target=self._keep_fresh, name=f"claim {path}", daemon=True).start()

    def check(self) -> None:
        """Raise ClaimLost if it may belong to somebody else by now; costs nothing while it is fresh."""
        if not self._lost and self._age() > self.stale_after_s / 2:
            self._touch()
        if self._lost or self._age() > self.stale_after_s:
            raise ClaimLost(f"{self.path.parent}: another process took over while this one was suspended")

    def release(self) -> None:
        """Let it go; what another took over stays with that one."""
        self._released.set()
        delete(self.path, self.token)

    def _age(self) -> float:
        return _awake_or_not() - self._fresh

    def _keep_fresh(self) -> None:
        while not self._lost and not self._released.wait(self.stale_after_s / _BEATS):
            self._touch()

    def _touch(self) -> None:
        now = _awake_or_not()
        with suppress(OSError):  # a network that is away for a moment
            found = read(self.path)
            if found is None or found.token != self.token:
                self._lost = True
            else:
                os.utime(self.path)
                self._fresh = now


@contextmanager
def claimed(
    folder: Path, *, patient: bool = False, stale_after_s: float = DEFAULT_STALE_AFTER_S
) -> Iterator[Claim]:
    """Hold a folder, which is made at need. Raises Busy while another process does.

    Whether a holder on another machine lives shows only in time: `patient` gives it the time that the holder
    has to show itself. Otherwise it counts as alive.
    """
    folder.mkdir(parents=True, exist_ok=True)
    watch = Watch(folder / CLAIM)
    while not watch.free() or (token := create(watch.path, stale_after_s)) is None:
        if not patient or not _goes_silent(watch):
            holder = read(watch.path)
            who = f" (pid {holder.pid} on {holder.host})" if holder and holder.token else ""
            raise Busy(f"{folder}: another process{who} is training this candidate")
    yield from _hold(Claim(watch.path, token, stale_after_s))


@contextmanager
def in_turn(
    folder: Path, *, poll_s: float = 0.5, stale_after_s: float = DEFAULT_STALE_AFTER_S
) -> Iterator[Claim]:
    """Hold a folder, which is made at need, when everybody before is done with it."""
    folder.mkdir(parents=True, exist_ok=True)
    watch, waited = Watch(folder / CLAIM), False
    while not watch.free() or (token := create(watch.path, stale_after_s)) is None:
        waited = True
        time.sleep(poll_s)
    claim = Claim(watch.path, token, stale_after_s)
    claim.waited = waited
    yield from _hold(claim)


def _hold(claim: Claim) -> Iterator[Claim]:
    try:
        yield claim
    finally:
        claim.release()


def _goes_silent(watch: Watch, poll_s: float = 0.2) -> bool:
    """Watch a holder on another machine until it shows itself (False) or its claim is free (True)."""
    first = watch.holder
    while not watch.free():
        if watch.holder != first or first is None or first.is_here():
            return False
        time.sleep(poll_s)
    return True


def _awake_or_not() -> float:
    """Seconds that go on while the machine sleeps, where there is such a clock."""
    if sys.platform == "win32":  # whose usual one does
        return time.monotonic()
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
