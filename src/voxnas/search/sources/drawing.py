"""Drawing candidates from a space until there are as many as wanted, none of them twice."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from voxnas.search.sources.proposals import Proposal, Proposer
from voxnas.search.sources.trials import Entry, TrialBook, Verdict, holder, places
from voxnas.search.spaces.choosers import TrialChooser

MOST_IN_VAIN = 1000  # proposals in a row that were known or rejected
TO_CHANCE = 20  # of these after which the sampler, which has made up its mind, is not asked any more


@dataclass(frozen=True)
class Draft:
    """A candidate that is to be trained, and the trial that will hear of it."""

    number: int
    name: str
    chosen: tuple[str, ...]


class Drawer:
    """Asks the sampler for candidates that are new and within the constraints.

    A candidate that was tried before is told to the sampler as it came out then. One that is rejected costs a
    few milliseconds and no place among the `total`.

    Args:
        book: the search's trials.
        proposer: makes candidates of the sampler's choices.
        total: of candidates that get trained, by all processes together.
        say: is told in a line why there will be fewer.
    """

    def __init__(
        self, book: TrialBook, proposer: Proposer, total: int, say: Callable[[str], None] = print
    ) -> None:
        self.book, self.proposer, self.total, self._say = book, proposer, total, say
        self._exhausted = False

    def draw(self) -> Draft | None:
        """The next one, or None if all places are taken or nothing new is found."""
        in_vain: Counter[Verdict] = Counter()
        while not self.is_done:
            if self._all_are_known() or in_vain.total() >= MOST_IN_VAIN:
                self._give_up(in_vain)
                break
            trial = self.book.ask(chance=in_vain.total() >= TO_CHANCE)
            proposal = self.proposer.draw(TrialChooser(trial))
            self.book.enter(trial, proposal.name, proposal.chosen)
            verdict, values = self._judge(trial.number, proposal)
            if verdict is None:
                return Draft(trial.number, proposal.name, proposal.chosen)
            self.book.close(trial.number, verdict, values)
            in_vain[verdict] += 1
        return None

    @property
    def is_done(self) -> bool:
        """Whether all places are taken, or nothing new was found."""
        return self._exhausted or self._is_full()

    def _judge(self, number: int, proposal: Proposal) -> tuple[Verdict | None, tuple[float, ...] | None]:
        """None for one that is to be trained; the values for one that was."""
        entries = self.book.entries()
        known = holder(entries, number, proposal.name)
        if known is not None:
            return ("rejected" if known.verdict == "rejected" else "repeated"), known.values
        if proposal.preview().rejected is not None:
            return "rejected", None
        ranks = places(entries)
        return (None if ranks.index(number) < self.total else "surplus"), None

    def _is_full(self) -> bool:
        return len(places(self.book.entries())) >= self.total

    def _all_are_known(self) -> bool:
        size = self.proposer.size
        return size is not None and len(_distinct(self.book.entries())) >= size

    def _give_up(self, in_vain: Counter[Verdict]) -> None:
        self._exhausted = True
        entries = self.book.entries()
        trained = len(places(entries))
        rejected = len({e.candidate for e in entries if e.verdict == "rejected"})
        why = (
            f"all {self.proposer.size} candidates of the space are known"
            if self._all_are_known()
            else f"{in_vain.total()} proposals in a row were known ({in_vain['repeated']}) or rejected"
        )
        self._say(f"{trained} of {self.total} candidates to train, {rejected} rejected: {why}")


def _distinct(entries: list[Entry]) -> set[str]:
    return {entry.candidate for entry in entries if entry.candidate is not None}
