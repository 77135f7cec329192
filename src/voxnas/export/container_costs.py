"""Costs by which the models of a container are put in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voxnas.engine.cost.profile import SAMPLE_RATE, plugin_cost
from voxnas.export.blank import blank_network
from voxnas.utils.errors import InputError


@dataclass(frozen=True)
class Costs:
    """Costs of models that compare with each other.

    Args:
        values: one per model.
        title: what they are.
        digits: as of `format`.
        notes: lines about how they are known.
    """

    values: Sequence[float]
    title: str
    digits: str
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
        rtfs = [plugin_cost(architecture).rtf * sample_rate / SAMPLE_RATE for architecture in architectures]
    except InputError as error:
        macs = [float(blank_network(a).macs_per_sample) for a in architectures]
        why = str(error).split(";")[0]
        return Costs(macs, "multiply-adds per sample", ",.0f", [f"in the order of multiply-adds: {why}"])
    return Costs(rtfs, "CPU real-time factor in the plug-in", ".3g")
