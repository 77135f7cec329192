"""A ladder as a small object: it is told which candidates finished a rung, and says which climb.

K. Jamieson, A. Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", 2016;
without a barrier between rungs L. Li et al., "A System for Massively Parallel Hyperparameter Tuning", 2020.
It knows nothing of how runs are made, so that a simulated schedule goes by the very same decisions.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from voxnas.records.record import Record
from voxnas.search.selection.base import Selection, survivors
from voxnas.search.selection.rungs import Rung
from voxnas.utils.errors import InputError


class Ladder:
    """The standing of all candidates: on which rung each is, and which climb from it.

    When all that there will be on a rung have finished it, the best of them climb. On an asynchronous ladder
    a candidate climbs, besides, as soon as it is among the best share of those that have finished its rung by
    then, see `Rung.survivors_so_far`, unless so many have climbed already. So it promotes whom the
    synchronous one promotes, and a few that looked good early.

    Guests, once they have finished a rung, climb besides: they take nobody's place.

    Args:
        rungs: from the first to the last.
        selection: by which the best are found.
        asynchronous: whether they climb early.
        total: how many there will be on the first rung, guests included; None where that is unknown.
        guests: who climbs in any case.

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
        guests: Collection[str] = (),
    ) -> None:
        self.rungs, self.selection, self.asynchronous, self.total = rungs, selection, asynchronous, total
        self.guests = frozenset(guests)
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
        if count is None:
            return None
        guests = sum(name in self.guests for name in self.entered[0])
        others = count - guests
        for below in self.rungs[:rung]:
            others = below.survivors(others)
        return others + guests

    def _early(self, rung: int) -> list[str]:
        """The candidates among the best share so far, as long as no larger share has climbed."""
        if not self.asynchronous:
            return []
        guests, others = self._apart(rung, self.finished[rung])
        came = [name for name in self.entered[rung + 1] if name not in self.guests]
        if self._share(rung, sum(name not in self.guests for name in self.finished[rung])) <= len(came):
            return guests
        order = self.selection.order(others)
        share = self._share(rung, len(order))
        new = [name for name in order[:share] if name not in came]
        return [*guests, *new[: max(0, share - len(came))]]

    def _share(self, rung: int, finished: int) -> int:
        expected = self.expected(rung)
        guests = sum(name in self.guests for name in self.entered[0])
        return self.rungs[rung].survivors_so_far(finished, None if expected is None else expected - guests)

    def _settle(self, rung: int) -> list[str] | None:
        """Whom a synchronous ladder promotes from a rung, None as long as that is open."""
        if rung not in self._settled:
            names = self._settle(rung - 1) if rung else list(self.entered[0]) if self.closed else None
            if names is None or not self.finished[rung].keys() >= set(names):
                return None
            guests, others = self._apart(rung, {name: self.finished[rung][name] for name in names})
            try:
                found = survivors(self.selection, self.rungs[rung], others)
            except InputError:
                if not guests:
                    raise
                found = []
            self._settled[rung] = [*guests, *found]
        return self._settled[rung]

    def _apart(self, rung: int, finished: Mapping[str, Record | None]) -> tuple[list[str], dict[str, Record]]:
        """The guests that came through, and the records of the others."""
        known = {name: record for name, record in finished.items() if record is not None}
        guests = [name for name, record in known.items() if name in self.guests and record.status == "ok"]
        others = {name: record for name, record in known.items() if name not in self.guests}
        if self.selection.sees_curves:
            others = {name: self._with_curve(rung, name, record) for name, record in others.items()}
        return guests, others

    def _with_curve(self, rung: int, name: str, record: Record) -> Record:
        """The record with the history of all rungs so far, see `Selection.sees_curves`."""
        total = sum(each.epochs or 1 for each in self.rungs)
        curve: list[dict[str, float]] = []
        for number in range(rung + 1):
            part = record if number == rung else self.finished[number].get(name)
            behind = sum(lower.epochs or 1 for lower in self.rungs[:number])
            for epoch in [] if part is None else part.history:
                curve.append({**epoch, "share": (behind + epoch["epoch"] + 1) / total})
            if curve:
                curve[-1]["ends"] = 1.0
        return replace(record, history=curve)
