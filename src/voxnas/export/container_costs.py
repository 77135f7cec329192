"""Costs by which the models of a container are put in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voxnas.engine.cost.profile import BLOCK_SIZE, SAMPLE_RATE, plugin_cost
from voxnas.export.blank import blank_network
from voxnas.utils.errors import InputError

MODELLED = (
    f"by the cost model of the plug-in's engine, default build, blocks of {BLOCK_SIZE}; not measured here"
)


@dataclass(frozen=True)
class Costs:
    """Costs of models that compare with each other.

    Args:
        values: one per model.
        title: what they are.
        digits: as of `format`.
        meaning: how they come about.
        notes: lines about how they are known.
    """

    values: Sequence[float]
    title: str
    digits: str
    meaning: str
    notes: Sequence[str] = ()

    def text(self, place: int) -> str:
        """One of them, in a table."""
        return format(self.values[place], self.digits)


def costs_of(architectures: Sequence[Mapping[str, Any]], sample_rate: int = SAMPLE_RATE) -> Costs:
    """Costs of networks, as `Network.architecture` describes them, in the plug-in's engine, default build.

    Where its cost model does not cover one of them, all are compared by their multiply-adds, with a note.
    Raises InputError on a description of which no network can be built.
    """
    try:
        rtfs = [plugin_cost(architecture).at(sample_rate) for architecture in architectures]
    except (InputError, TypeError) as error:  # the other one's names what cannot be built
        macs = [float(blank_network(a).macs_per_sample) for a in architectures]
        why = str(error).split(";")[0]
        notes = [f"in the order of multiply-adds: {why}"]
        return Costs(macs, "multiply-adds per sample", ",.0f", f"from the shapes, as {why}", notes)
    return Costs(rtfs, "real-time factor in the plug-in", ".3g", MODELLED)
