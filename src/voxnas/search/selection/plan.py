"""Plan of a ladder that has so much time: how many candidates, and how many epochs on each rung.

It is made once, from a measured speed, before a search begins; then epochs count and no clock, so that a busy
machine takes longer and finds the same.
"""

import math
from dataclasses import dataclass, replace

from voxnas.search.selection.rungs import Rung

LEAST, MOST = 1 / 256, 256.0  # times the training of the ladder as it is
STEP = 1.02
FEWEST = 4  # candidates


@dataclass(frozen=True)
class Speed:
    """Training here: seconds of an epoch, seconds of a run beside its epochs, runs side by side."""

    epoch_s: float
    run_s: float
    side_by_side: int


@dataclass(frozen=True)
class Plan:
    """A ladder's candidates and rungs, those that climb in any case, and the runs of its finals."""

    candidates: int
    rungs: tuple[Rung, ...]
    guests: int = 0
    finals: int = 0

    def seconds(self, speed: Speed) -> float:
        """What it takes, if all goes on that may."""
        count, total = self.candidates, 0.0
        for rung in self.rungs:
            total += (count + self.guests) * _run(rung, speed)
            count = rung.survivors(count)
        return (total + self.finals * _run(self.rungs[-1], speed)) / speed.side_by_side

    def scaled(self, factor: float) -> "Plan":
        """So many times the training, in equal parts by more candidates and by more epochs."""
        root = math.sqrt(factor)
        rungs = [replace(r, epochs=max(1, round(root * _epochs(r))), keep=_kept(r, root)) for r in self.rungs]
        return replace(self, candidates=max(FEWEST, round(root * self.candidates)), rungs=tuple(rungs))

    def within(self, seconds: float, speed: Speed) -> "Plan":
        """The largest of its kind that ends within the time; the smallest there is where none does."""
        factor, found = LEAST, self.scaled(LEAST)
        while factor <= MOST:
            larger = self.scaled(factor)
            if larger.seconds(speed) > seconds:
                break
            factor, found = STEP * factor, larger
        return found

    def words(self, speed: Speed) -> str:
        """The plan in a line, with the speed that it comes from."""
        epochs = ", ".join(str(rung.epochs) for rung in self.rungs)
        return (
            f"{self.candidates} candidates{f' and {self.guests} presets' if self.guests else ''} on rungs of"
            f" {epochs} epochs: about {self.seconds(speed) / 60:.0f} min at {speed.epoch_s:.2g} s an epoch,"
            f" {speed.side_by_side} side by side"
        )


def _run(rung: Rung, speed: Speed) -> float:
    return _epochs(rung) * speed.epoch_s + speed.run_s


def _epochs(rung: Rung) -> int:
    assert rung.epochs is not None  # a ladder's rungs say them
    return rung.epochs


def _kept(rung: Rung, root: float) -> float | None:
    return rung.keep if rung.keep is None or rung.keep < 1 else max(1, round(root * rung.keep))
