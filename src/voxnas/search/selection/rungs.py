"""The rungs of a ladder: how long each of them trains, and how many climb from it."""

from collections.abc import Sequence
from dataclasses import dataclass

from voxnas.utils.errors import InputError


@dataclass(frozen=True)
class Rung:
    """One step: each of its candidates is trained for `epochs` further epochs, and `keep` of them climb.

    `keep` below 1 is a share (rounded down, but at least one), else a number; None on the last rung. `epochs`
    is None where the trainer's own number stands.
    """

    name: str
    epochs: int | None
    keep: float | None

    @property
    def overrides(self) -> list[str]:
        """The settings of a rung's run."""
        if self.epochs is None:
            return []
        return [f"rung={self.name}", f"trainer.max_epochs={self.epochs}"]

    def survivors(self, finished: int) -> int:
        """The number that climb of so many that finished."""
        if self.keep is None:
            return finished
        return min(finished, max(1, int(self.keep * finished)) if self.keep < 1 else int(self.keep))

    def survivors_so_far(self, finished: int, expected: int | None) -> int:
        """The number that may climb, of so many finished, before all have: the same share, rounded down.

        A number counts as its share of those that are `expected`; where that is unknown nobody climbs yet.
        """
        if self.keep is None:
            return 0
        if self.keep < 1:
            return int(self.keep * finished)
        number = min(int(self.keep), expected or 0)
        return min(number, number * finished // expected) if expected else 0


def make_rungs(epochs: Sequence[int], keep: float | Sequence[float]) -> list[Rung]:
    """Rungs named `rung1`, `rung2`, … Raises InputError for what is no ladder.

    `keep` is one value for all rungs, or one for each but the last.
    """
    steps = list(epochs)
    if not steps or any(not isinstance(e, int) or isinstance(e, bool) or e < 1 for e in steps):
        raise InputError(f"rungs={steps}: give the epochs of each rung, whole numbers from 1, as [2,10,50]")
    kept = [keep] * (len(steps) - 1) if isinstance(keep, int | float) else list(keep)
    if len(kept) != len(steps) - 1:
        raise InputError(
            f"keep={kept}: give one value, or one for each of the {len(steps)} rungs but the last"
        )
    names = [f"rung{number}" for number in range(1, len(steps) + 1)]
    shares = [*map(share_or_number, kept), None]
    return [Rung(n, e, k) for n, e, k in zip(names, steps, shares, strict=True)]


def share_or_number(keep: float) -> float:
    """The value, if it says how many go on; InputError else."""
    if isinstance(keep, bool) or not isinstance(keep, int | float) or not keep > 0:
        raise InputError(f"keep={keep}: give a share (0.5) or a number of candidates (6)")
    if keep >= 1 and keep != int(keep):
        raise InputError(f"keep={keep}: a number of candidates is a whole number")
    return keep
