"""Models that players know, as candidates of a search whatever its source proposes: its guests.

They climb to the last rung, so that what a search finds is never worse than the best of them.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType

from voxnas.records.record import Record
from voxnas.search.sources.base import Candidate, Results, Supply, Task
from voxnas.search.sources.lists import drawn_once
from voxnas.search.sources.proposals import Proposal

log = logging.getLogger(__name__)


class WithGuests(Supply):
    """The candidates of a supply, and guests before them.

    Args:
        supply: of the others, which hears nothing of the guests.
        guests: by name.
    """

    def __init__(self, supply: Supply, guests: Sequence[Candidate]) -> None:
        super().__init__(supply.total + len(guests))
        self.supply, self.poll_s = supply, supply.poll_s
        self.guests = {guest.name: guest for guest in guests}
        self._take()

    def update(self) -> None:
        self.supply.update()
        self._take()

    def ask(self, results: Results, wanted: int | None, is_free: Callable[[str], bool]) -> list[Candidate]:
        waiting = [guest for name, guest in self.guests.items() if name not in results and is_free(name)]
        if waiting:
            return waiting[:wanted]
        own = {name: result for name, result in results.items() if name in self.supply.candidates}
        asked = self.supply.ask(own, wanted, is_free)
        self._take()
        return asked

    def tell(self, name: str, record: Record | None) -> None:
        if name in self.supply.candidates:  # a guest that is proposed besides is both
            self.supply.tell(name, record)

    def __enter__(self) -> "WithGuests":
        self.supply.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.supply.__exit__(kind, error, trace)

    def _take(self) -> None:
        self.candidates = self.guests | self.supply.candidates
        self.told, self.closed = self.supply.told, self.supply.closed
        self.total = self.supply.total + len(self.guests.keys() - self.supply.candidates.keys())


def guests_of(task: Task, models: Sequence[str]) -> list[Candidate]:
    """Those of the models that the constraints let in; all processes of a study go by the first one's list.

    Args:
        models: names of configs of the group `model`.
    """
    if not models:
        return []
    key = task.identity({"guests": list(models), **task.limits})
    guests = drawn_once(task.folder / f"guests-{key}.json", lambda: _let_in(task, models))
    if guests:
        log.info("candidates to the end besides: %s", ", ".join(guest.name for guest in guests))
    return guests


def _let_in(task: Task, models: Sequence[str]) -> Iterator[Proposal]:
    for model in models:
        guest = task.proposer.proposal([f"model={model}"], whole=True)
        rejected = guest.preview().rejected
        if rejected is None:
            yield guest
        else:
            log.info("%s is no candidate: %s", guest.name, rejected)
