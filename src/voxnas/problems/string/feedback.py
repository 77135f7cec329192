"""How much feedback a string is trained through, and when in a run."""

from collections.abc import Sequence

from voxnas.utils.errors import InputError


class Feedback:
    """Curriculum of generations of feedback.

    Args:
        generations: that a step runs through, in turn over the run, for equal shares of it: 0 is one sample
            ahead, led by the recording; n are n periods in which the string hears itself alone.
        one_step: samples of a segment where nothing is fed back.
        clip: norm of the gradient, to which larger ones are scaled down; None for any.

    Raises:
        InputError: no generations, or negative ones.
    """

    def __init__(
        self, generations: Sequence[int] = (0, 1, 4, 16), one_step: int = 1024, clip: float | None = 1.0
    ) -> None:
        if not generations or any(not isinstance(g, int) or g < 0 for g in generations):
            raise InputError(
                f"training.feedback.generations={list(generations)}: counts from 0, as [0,1,4,16]"
            )
        if one_step < 1:
            raise InputError(f"training.feedback.one_step={one_step}: give a whole number from 1")
        self.generations, self.one_step, self.clip = list(generations), one_step, clip

    def at(self, progress: float) -> int:
        """The generations where so large a share of a run is over."""
        return self.generations[min(int(progress * len(self.generations)), len(self.generations) - 1)]
