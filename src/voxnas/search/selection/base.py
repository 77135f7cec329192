"""The one interface of what decides which candidates go on, be it to the next rung or as parents."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from voxnas.records.record import Record
from voxnas.search.selection.rungs import Rung
from voxnas.utils.errors import InputError


class Selection(ABC):
    """Puts runs in the order in which they go on. It is asked again whenever one more has finished.

    Attributes:
        sees_curves: whether the history of a record that a ladder gives it goes back to the first rung, each
            epoch with its `share` of all rungs' training so far, the last of each rung marked `ends`.
        needs: what a run must have finished with to go on, in words, for a message that none has.
    """

    sees_curves: bool = False
    needs: str = "what the selection goes by"

    @abstractmethod
    def order(self, records: Mapping[str, Record]) -> list[str]:
        """The names of the runs that may go on, the first to be kept first; the others are left out.

        The same whatever the order of `records`, so that processes that share a study agree.
        """


def survivors(selection: Selection, rung: Rung, records: Mapping[str, Record]) -> list[str]:
    """The candidates that go on from a rung that all have finished. Raises InputError if none may."""
    order = selection.order(records)
    if not order:
        states = ", ".join(sorted({r.status for r in records.values()})) or "nothing was run"
        needs = selection.needs
        raise InputError(f"{rung.name}: no candidate finished with {needs} ({states}): nobody climbs")
    return order[: rung.survivors(len(order))]
