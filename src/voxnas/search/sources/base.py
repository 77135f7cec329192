"""The interface between what proposes candidates and what trains them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from voxnas.records.pareto import Objective
from voxnas.records.record import Record
from voxnas.search.experience.founders import Experience
from voxnas.search.selection.base import Selection
from voxnas.search.sources.proposals import Proposer
from voxnas.search.spaces.base import Value

Results = Mapping[str, Record | None]  # by candidate: those that are through, None where there is no record


@dataclass(frozen=True)
class Candidate:
    """A candidate: the name of its run's folder, the overrides that make it, and the choices behind them.

    A `whole` one says all of its model itself, whatever the command line or the space fix. One with a
    `parent` begins with the weights of the candidate of that name, as far as shapes allow.
    """

    name: str
    chosen: tuple[str, ...]
    choices: Mapping[str, Value] = field(default_factory=dict)
    whole: bool = False
    parent: str | None = None


@dataclass(frozen=True)
class Task:
    """The search that a source proposes candidates for.

    Args:
        proposer: makes candidates of choices.
        source: the name by which it was chosen.
        total: of candidates that are wanted.
        seed: of all chance.
        names: of the objectives, each with its sign.
        objectives: these, as the problem understands them.
        columns: their names where they are written for others.
        selection: which of those before are the best.
        folder: of the study.
        identity: a hash of such settings and of all that shapes a run.
        identity_then: what it was in the first edition of records, as `schema1_search_identity` has it.
        limits: further settings that decide which candidates are proposed.
        experience: of earlier searches, which ranks the first candidates; None for none.
        unusual: settings, other than the usual, that decide which is best and when.
        least_cost: cost of the candidates that go first, where enough cost so much.
        overrides: of every run on the first rung.
        epochs: of the first rung, None for the trainer's own.
        side_by_side: how many are trained at a time.
        asynchronous: whether nothing waits for the last of those before.
        stale_after_s: without a sign of life, before a process on another machine counts as gone.
    """

    proposer: Proposer
    source: str
    total: int
    seed: int
    names: tuple[str, ...]
    objectives: Sequence[Objective]
    columns: tuple[str, ...]
    selection: Selection
    folder: Path
    identity: Callable[[Mapping[str, Any]], str]
    identity_then: Callable[[Sequence[str] | None], str | None] = lambda also: None
    limits: Mapping[str, Any] = field(default_factory=dict)
    experience: Experience | None = None
    unusual: Mapping[str, Any] = field(default_factory=dict)
    least_cost: float | None = None
    overrides: tuple[str, ...] = ()
    epochs: int | None = None
    side_by_side: int = 1
    asynchronous: bool = False
    stale_after_s: float = 60.0


class Supply(AbstractContextManager["Supply"]):
    """The first rung's candidates of one search, as every process that works on it sees them.

    Attributes:
        candidates: all so far, by name, whoever trains them.
        told: those of them whose record on disk is known to be of this very search.
        total: how many there will be, as far as that is known.
        closed: whether there will be no others.
        poll_s: how often to look what other processes have done.
    """

    poll_s = 0.5

    def __init__(self, total: int) -> None:
        self.candidates: dict[str, Candidate] = {}
        self.told: Collection[str] = ()
        self.total, self.closed = total, False

    @abstractmethod
    def update(self) -> None:
        """Bring the attributes up to date with what other processes did."""

    @abstractmethod
    def ask(self, results: Results, wanted: int | None, is_free: Callable[[str], bool]) -> list[Candidate]:
        """The candidates that this process is to train now; none if it has to wait, or if none is left.

        Args:
            results: of those that are through.
            wanted: how many at most; None for as many as belong together.
            is_free: whether no other process holds the run of that name.
        """

    def tell(self, name: str, record: Record | None) -> None:
        """Hear what became of one that was asked for."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Source(ABC):
    """A source of candidates.

    Attributes:
        learns: whether it lets a task's experience propose its first candidates.
    """

    learns = False

    @abstractmethod
    def supply(self, task: Task) -> Supply:
        """The candidates of a search."""
