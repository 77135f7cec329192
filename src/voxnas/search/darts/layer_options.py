"""Options of the layer at each place of a WaveNet, and the picks of them that a genotype makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from voxnas.kernels.mixture import MIXED
from voxnas.models.genotype import LayerChoice
from voxnas.utils.errors import InputError

GATES = ("none", "gated")


@dataclass(frozen=True)
class LayerOptions:
    """The options of every place; a pick holds, by the name of a table, the column that was chosen.

    Args:
        bases: dilation of each place, in samples.
        kernel_sizes: ascending.
        multiples: of the base, for the dilation; ascending.
        activations: those that can be mixed, which PReLU cannot.
        gates: "none", "gated" or both.

    Raises:
        InputError: options that are empty, unknown or no sizes.
    """

    bases: Sequence[int]
    kernel_sizes: Sequence[int]
    multiples: Sequence[int]
    activations: Sequence[str]
    gates: Sequence[str]

    def __post_init__(self) -> None:
        sizes = [*self.bases, *self.kernel_sizes, *self.multiples]
        empty = not self.bases or not self.kernel_sizes or not self.multiples
        if empty or any(type(size) is not int or size < 1 for size in sizes):
            raise InputError("channels, kernel sizes and dilations are whole numbers from 1")
        for what, given, known in (
            ("activation", self.activations, MIXED),
            ("gate", self.gates, GATES),
        ):
            if not given or len(set(given)) != len(given):
                raise InputError(f"{what}s: name each of one or more once")
            if unknown := set(given) - set(known):
                raise InputError(
                    f"unknown {what} {sorted(unknown)[0]!r} in the space; one of {', '.join(known)}"
                )

    def columns(self) -> dict[str, list[str]]:
        """Meaning of the columns of each table."""
        return {
            "kernel": [str(size) for size in self.kernel_sizes],
            "dilation": [f"{multiple}×" for multiple in self.multiples],
            "activation": list(self.activations),
            "gate": list(self.gates),
        }

    def choice(self, place: int, pick: Mapping[str, int]) -> LayerChoice:
        """The layer that a pick makes of a place."""
        return LayerChoice(
            kernel_size=self.kernel_sizes[pick["kernel"]],
            dilation=self.bases[place] * self.multiples[pick["dilation"]],
            activation=self.activations[pick["activation"]],
            gated=self.gates[pick["gate"]] == "gated",
        )

    def pick(self, place: int, layer: LayerChoice | None) -> dict[str, int] | None:
        """The pick that makes the layer of a place, None if there is none; the first options for no layer."""
        if layer is None:
            return dict.fromkeys(self.columns(), 0)
        multiple, rest = divmod(layer.dilation, self.bases[place])
        if rest:
            return None
        try:
            return {
                "kernel": self.kernel_sizes.index(layer.kernel_size),
                "dilation": self.multiples.index(multiple),
                "activation": self.activations.index(layer.activation),
                "gate": self.gates.index(GATES[layer.gated]),
            }
        except ValueError:
            return None
