"""A ladder as a small object: it is told which candidates finished a rung, and says which climb.

K. Jamieson, A. Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", 2016;
without a barrier between rungs L. Li et al., "A System for Massively Parallel Hyperparameter Tuning", 2020.
It knows nothing of how runs are made, so that a simulated schedule goes by the very same decisions.
"""

from collections.abc import Sequence

from voxnas.records.record import Record
from voxnas.search.selection.base import Selection, survivors
from voxnas.search.selection.rungs import Rung


class Ladder:
    """The standing of all candidates: on which rung each is, and which climb from it.

    When all that there will be on a rung have finished it, the best of them climb. On an asynchronous ladder
    a candidate climbs, besides, as soon as it is among the best share of those that have finished its rung by
    then, see `Rung.survivors_so_far`, unless so many have climbed already. So it promotes whom the
    synchronous one promotes, and a few that looked good early.

    Args:
        rungs: from the first to the last.
        selection: by which the best are found.
        asynchronous: whether they climb early.
        total: how many there will be on the first rung; None where that is unknown.

    Attributes:
        entered: for each rung the candidates that are on it, or were, in the order in which they came.
        finished: for each rung the candidates that are through with it, each with its record or None.
        closed: whether all that there will be have entered the first rung.
    """

    def __init__(
        self,
        rungs: Sequence[Rung],
        selection: Selection,
        asynchronous: bool = False,
        total: int | None = None,
    ) -> None:
        self.rungs, self.selection, self.asynchronous, self.total = rungs, selection, asynchronous, total
        self.entered: list[dict[str, None]] = [{} for _ in rungs]
        self.finished: list[dict[str, Record | None]] = [{} for _ in rungs]
        self._open: list[dict[str, None]] = [{} for _ in rungs]
        self.closed = False
        self._settled: dict[int, list[str]] = {}

    def enter(self, rung: int, name: str) -> None:
        """Put a candidate on a rung; one that is there already stays where it is."""
        if name not in self.entered[rung]:
            self.entered[rung][name] = self._open[rung][name] = None

    def finish(self, rung: int, name: str, record: Record | None) -> None:
        """Tell what became of a candidate on a rung."""
        self.finished[rung][name] = record
        self._open[rung].pop(name, None)

    def unfinished(self) -> list[tuple[int, str]]:
        """Rung and name of all that are not through, the highest rung first, each in the order of coming."""
        return [(rung, name) for rung, on in reversed([*enumerate(self._open)]) for name in on]

    def climb(self) -> list[tuple[int, str]]:
        """Let all climb that may by now; the rung that each comes to, and its name.

        Raises InputError if all have finished a rung and none may go on.
        """
        came = []
        for rung in range(len(self.rungs) - 1):
            for name in [*self._early(rung), *(self._settle(rung) or [])]:
                if name not in self.entered[rung + 1]:
                    self.enter(rung + 1, name)
                    came.append((rung + 1, name))
        return came

    def expected(self, rung: int) -> int | None:
        """The number on a rung of a synchronous ladder, if all finish; None where that is unknown."""
        count = len(self.entered[0]) if self.closed else self.total
        for below in self.rungs[:rung]:
            count = None if count is None else below.survivors(count)
        return count

    def _early(self, rung: int) -> list[str]:
        """The candidates among the best share so far, as long as no larger share has climbed."""
        if not self.asynchronous:
            return []
        above = self.entered[rung + 1]
        if self._share(rung, len(self.finished[rung])) <= len(above):
            return []
        order = self.selection.order(_records(self.finished[rung]))
        share = self._share(rung, len(order))
        new = [name for name in order[:share] if name not in above]
        return new[: max(0, share - len(above))]

    def _share(self, rung: int, finished: int) -> int:
        return self.rungs[rung].survivors_so_far(finished, self.expected(rung))

    def _settle(self, rung: int) -> list[str] | None:
        """Whom a synchronous ladder promotes from a rung, None as long as that is open."""
        if rung not in self._settled:
            names = self._settle(rung - 1) if rung else list(self.entered[0]) if self.closed else None
            if names is None or not self.finished[rung].keys() >= set(names):
                return None
            found = _records({name: self.finished[rung][name] for name in names})
            self._settled[rung] = survivors(self.selection, self.rungs[rung], found)
        return self._settled[rung]


def _records(finished: dict[str, Record | None]) -> dict[str, Record]:
    return {name: record for name, record in finished.items() if record is not None}
