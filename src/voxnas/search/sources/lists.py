"""Candidates as lists, which the first of a study's processes draws, for all others to go by."""

import json
import random
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from voxnas.search.sources.base import Candidate, Results, Source, Supply, Task
from voxnas.search.sources.proposals import Proposal
from voxnas.utils.files import write_first


class ListSource(Source):
    """Draws one list of candidates after the other, each with a view of how those before did.

    What it draws must follow from its arguments. A subclass says how; most have one list.
    """

    def lists(self, task: Task) -> int:
        """The number of lists."""
        return 1

    @abstractmethod
    def draw(
        self, task: Task, number: int, before: Mapping[str, Candidate], results: Results
    ) -> Iterable[Proposal]:
        """The list of that number, from 0; `before` are the candidates of the lists so far."""

    def settings(self, task: Task) -> Mapping[str, Any]:
        """The settings that decide, beside the space and the number of candidates, which are drawn."""
        return {}

    def needed(self, task: Task, before: int) -> int:
        """The number of so many candidates before that have to be through when the next list is drawn."""
        return before

    def supply(self, task: Task) -> "ListSupply":
        return ListSupply(self, task)


class ListSupply(Supply):
    """The candidates of a `ListSource`, in the files `candidates-….json` of the study."""

    def __init__(self, source: ListSource, task: Task) -> None:
        super().__init__(task.total)
        self.source, self.task = source, task
        settings = {"source": task.source, "n": task.total, **source.settings(task), **task.limits}
        self._keys = [key for key in (task.identity_then(None), task.identity(settings)) if key]
        self._drawn, self._count = 0, source.lists(task)

    def update(self) -> None:
        while not self.closed and self._path().exists():
            self._take(read_list(self._path()))

    def ask(self, results: Results, wanted: int | None, is_free: Callable[[str], bool]) -> list[Candidate]:
        while True:
            left = [candidate for name, candidate in self.candidates.items() if name not in results]
            found = apart([candidate for candidate in left if is_free(candidate.name)], len(left), wanted)
            enough = bool(found) if wanted is None else len(found) == wanted
            if enough or self.closed or not self._is_time(results):
                return found
            draw = partial(self.source.draw, self.task, self._drawn, self.candidates, results)
            self._take(drawn_once(self._path(), draw))

    def _is_time(self, results: Results) -> bool:
        through = sum(name in results for name in self.candidates)
        return through >= self.source.needed(self.task, len(self.candidates))

    def _take(self, drawn: list[Candidate]) -> None:
        self.candidates |= {candidate.name: candidate for candidate in drawn}
        self._drawn += 1
        self.closed = self._drawn == self._count
        self.total = len(self.candidates) if self.closed else self.total

    def _path(self) -> Path:
        name = "candidates" if self._count == 1 else f"candidates-{self._drawn + 1}"
        paths = [self.task.folder / f"{name}-{key}.json" for key in self._keys]
        return next((path for path in paths if path.exists()), paths[-1])


def promising(task: Task, proposals: Iterator[Proposal], count: int) -> Iterator[Proposal]:
    """The proposals, or where the task has experience what that makes of them, the most promising first."""
    if task.experience is None:
        return proposals
    return task.experience.founders(task.proposer, proposals, count, task.seed)


def apart(free: list[Candidate], left: int, wanted: int | None) -> list[Candidate]:
    """So many of the free ones; the more are held, the further apart processes begin to look for one."""
    if wanted is None:
        return free
    start = random.randint(0, min(left - len(free), max(0, len(free) - wanted)))
    return free[start : start + wanted]


def drawn_once(path: Path, draw: Callable[[], Iterable[Proposal]]) -> list[Candidate]:
    """The list in the file, which the first process writes: a cost that is measured may let in a candidate of
    which another process would say that it is too dear."""
    if not path.exists():
        found = [_entry(Candidate(p.name, p.chosen, p.choices, p.whole, p.parent)) for p in draw()]
        write_first(path, json.dumps(found, indent=1))
    return read_list(path)


def read_list(path: Path) -> list[Candidate]:
    """The candidates of a file."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    return [
        Candidate(e["name"], tuple(e["chosen"]), e["choices"], e.get("whole", False), e.get("parent"))
        for e in entries
    ]


def _entry(candidate: Candidate) -> dict[str, Any]:
    """A candidate in a file, which names a parent only where there is one."""
    values = asdict(candidate)
    return values if candidate.parent else {k: v for k, v in values.items() if k != "parent"}
