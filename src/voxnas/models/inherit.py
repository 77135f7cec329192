"""First weights of a network from those of another, somewhat different one.

T. Chen, I. Goodfellow, J. Shlens (2016), "Net2Net: Accelerating Learning via Knowledge Transfer",
arXiv 1511.05641, for WaveNets. A wider, deeper one with longer kernels does at first what the other does; new
units are fresh but unheard, so that none is the twin of another. Whatever is smaller is cut.
"""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import torch
from torch import Tensor

from voxnas.models.base import Network
from voxnas.models.layer_array import LayerArray
from voxnas.utils.errors import InputError

HUSHED = 1e-3  # of what goes into a new layer: not 0, where a ReLU would never learn


def inherited(
    network: Network,
    shapes: Sequence[LayerArray],
    weights: Mapping[str, Tensor],
    architecture: Mapping[str, Any],
) -> tuple[dict[str, Tensor], float]:
    """The weights of a WaveNet of these arrays, as many as may be from another's, and their share of all.

    Layers are matched array by array by their dilations, in order; what is left between two that match is
    matched in order too. A new layer is all but silent, unless its activation is a Sigmoid without a gate.

    Args:
        weights: the other's, by name.
        architecture: the other's.

    Raises:
        InputError: the other is no WaveNet, or one of another number of arrays.
    """
    kind = architecture.get("type")
    if kind != "WaveNet":
        raise InputError(f"a WaveNet inherits nothing of a {kind}")
    others = [LayerArray.of(**array) for array in architecture["layer_arrays"]]
    if len(others) != len(shapes):
        raise InputError(f"{len(shapes)} arrays inherit nothing of {len(others)}")
    heir = _Heir(network, weights)
    for index, (own, other) in enumerate(zip(shapes, others, strict=True)):
        heir.take_array(f"arrays.{index}", own, other)
    return network.as_own(heir.values, architecture), heir.taken / network.num_parameters


class _Heir:
    """The network's fresh weights, of which some have been replaced by another's."""

    def __init__(self, network: Network, weights: Mapping[str, Tensor]) -> None:
        self.values = {name: value.detach().clone() for name, value in network.state_dict().items()}
        self._weights, self.taken = weights, 0

    def take_array(self, at: str, own: LayerArray, other: LayerArray) -> None:
        self._take(f"{at}.rechannel.weight")
        for layer, match in enumerate(matches(own.dilations, other.dilations)):
            if match is None:
                self._hush(f"{at}.layers.{layer}")
            else:
                self._take_layer(at, layer, match, own, other)
        for name in ("weight", "bias"):
            self._take(f"{at}.head.{name}")

    def _take_layer(self, at: str, layer: int, match: int, own: LayerArray, other: LayerArray) -> None:
        of_own, of_other = f"{at}.layers.{layer}", f"{at}.layers.{match}"
        gates = own.gated[layer], other.gated[match]
        if own.groups_input == other.groups_input:
            self._take(f"{of_own}.conv.weight", f"{of_other}.conv.weight", gates)
        for name in ("conv.bias", "mixin.weight"):
            self._take(f"{of_own}.{name}", f"{of_other}.{name}", gates)
        if own.layer1x1_groups == other.layer1x1_groups:
            self._take_both(f"{of_own}.residual", f"{of_other}.residual")
        if own.head1x1_groups == other.head1x1_groups:
            self._take_both(f"{of_own}.head1x1", f"{of_other}.head1x1")
        for name in ("activation.slopes", "secondary.slopes"):
            self._take(f"{of_own}.{name}", f"{of_other}.{name}")

    def _take_both(self, own: str, other: str) -> None:
        for name in ("weight", "bias"):
            self._take(f"{own}.{name}", f"{other}.{name}")

    def _take(self, own: str, other: str | None = None, gates: tuple[bool, bool] = (False, False)) -> None:
        """Replace one of the weights by what the other has, which has a gate's rows behind the signal's."""
        given = self._weights.get(other or own)
        if own not in self.values or given is None:
            return
        halves = self.values[own].chunk(1 + gates[0])
        for half, part in zip(halves, given.to(halves[0]).chunk(1 + gates[1]), strict=False):
            self.taken += _graft(half, part)

    def _hush(self, at: str) -> None:
        for name in ("conv.weight", "conv.bias", "mixin.weight"):
            self.values[f"{at}.{name}"].mul_(HUSHED)
        if f"{at}.residual.bias" in self.values:
            self.values[f"{at}.residual.bias"].zero_()


def matches(own: Sequence[int], other: Sequence[int]) -> list[int | None]:
    """For each layer of one the layer of the other that it goes on from, by their dilations, or None."""
    found: list[int | None] = [None] * len(own)
    blocks = SequenceMatcher(None, list(other), list(own), autojunk=False).get_opcodes()
    for _, start, stop, own_start, own_stop in blocks:
        for theirs, ours in zip(range(start, stop), range(own_start, own_stop), strict=False):
            found[ours] = theirs
    return found


@torch.no_grad()
def _graft(own: Tensor, other: Tensor) -> int:
    """Write the other's values in, in place: `(outputs, inputs, kernel)` or `(outputs,)`; how many there are.

    Outputs that the other has too hear neither what it has not, nor further back.
    """
    kept = tuple(min(a, b) for a, b in zip(own.shape, other.shape, strict=True))
    if own.ndim == 1:
        own[: kept[0]] = other[: kept[0]]
        return kept[0]
    outputs, inputs, taps = kept
    own[:outputs] = 0
    own[:outputs, :inputs, -taps:] = other[:outputs, :inputs, -taps:]
    return outputs * inputs * taps
