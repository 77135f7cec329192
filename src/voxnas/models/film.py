"""FiLM of a WaveNet's layers: signals that the condition scales and shifts, channel by channel.

Perez et al. (2018), "FiLM: Visual Reasoning with a General Conditioning Layer", at the eight places that
plug-in files have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from voxnas.models.algebra import Algebra, S
from voxnas.models.conv import CausalConv
from voxnas.models.layer_array import LayerArray, as_arguments
from voxnas.utils.errors import InputError

# In the order in which plug-in files have their weights.
_BEFORE = ("conv_pre", "conv_post", "input_mixin_pre", "input_mixin_post")
SLOTS = (*_BEFORE, "activation_pre", "activation_post", "layer1x1_post", "head1x1_post")


@dataclass(frozen=True)
class Film:
    """Form of a FiLM: whether it shifts as well as scales, and the groups of its map of the condition."""

    shift: bool = True
    groups: int = 1


@dataclass(frozen=True)
class FilmArray:
    """Shape of a layer array, with the FiLMs that each of its layers has, by their slot."""

    shape: LayerArray
    films: Mapping[str, Film]
    mixin_groups: int = 1

    @classmethod
    def of(
        cls, films: Mapping[str, Mapping[str, Any]] | None = None, mixin_groups: int = 1, **arguments: Any
    ) -> "FilmArray":
        """Build one; `arguments` are those of `LayerArray.of`, `films` have those of `Film`.

        Raises InputError on values that cannot be.
        """
        for slot in set(films or {}) - {*SLOTS}:
            raise InputError(f"WaveNet: no FiLM is at {str(slot)[:40]!r}; places are {', '.join(SLOTS)}")
        given = {slot: Film(**films[slot]) for slot in SLOTS if slot in films} if films else {}
        array = cls(LayerArray.of(**arguments), given, mixin_groups)
        if "layer1x1_post" in given and not array.shape.layer1x1:
            raise InputError("WaveNet: layer1x1_post_film needs a layer1x1 that is active")
        if "head1x1_post" in given and array.shape.head1x1_channels is None:
            raise InputError("WaveNet: head1x1_post_film needs a head1x1 that is active")
        return array

    def arguments(self) -> dict[str, Any]:
        """Those of `of` that make the same."""
        films = {slot: asdict(film) for slot, film in self.films.items()}
        return {**as_arguments(self.shape), "films": films, "mixin_groups": self.mixin_groups}

    def check(self, condition: int) -> None:
        """Raises InputError where groups do not divide a condition of so many channels, or what it makes."""
        for slot, film in self.films.items():
            for index in range(len(self.shape.dilations)):
                rows = (1 + film.shift) * self.width(slot, index, condition)
                _check_groups(f"{slot}_film", film.groups, condition, rows)
        for gated in self.shape.gated:
            rows = (1 + gated) * self.shape.bottleneck
            _check_groups("groups_input_mixin", self.mixin_groups, condition, rows)

    def width(self, slot: str, layer: int, condition: int) -> int:
        """Channels of what a FiLM scales."""
        shape = self.shape
        match slot:
            case "conv_pre" | "layer1x1_post":
                return shape.channels
            case "input_mixin_pre":
                return condition
            case "activation_post":
                return shape.bottleneck
            case "head1x1_post":
                return shape.head_width
        return (1 + shape.gated[layer]) * shape.bottleneck


class FilmMap(CausalConv):
    """1×1 convolution of the condition to a factor for each channel, and behind them the shifts if any.

    It starts as what changes nothing when the condition is silent.
    """

    def __init__(self, condition: int, channels: int, film: Film) -> None:
        super().__init__(condition, (1 + film.shift) * channels, groups=film.groups)
        self.channels, self.shift = channels, film.shift
        assert self.bias is not None
        with torch.no_grad():
            nn.init.zeros_(self.bias)[:channels] = 1.0

    @property
    def macs(self) -> int:
        return super().macs + self.channels

    def compute(self, on: Algebra[S], x: Sequence[S], condition: S) -> list[S]:
        """A signal, in parts, scaled and shifted."""
        made = on.convolve(self, condition, (1 + self.shift) * len(x))
        scaled = [on.multiply(part, factor) for part, factor in zip(x, made, strict=False)]
        if not self.shift:
            return scaled
        return [on.add(part, more) for part, more in zip(scaled, made[len(x) :], strict=True)]


def _check_groups(what: str, groups: int, inputs: int, outputs: int) -> None:
    if type(groups) is not int or groups < 1 or inputs % groups or outputs % groups:
        raise InputError(f"WaveNet: {what}: {groups} groups do not divide {inputs} into {outputs} channels")
