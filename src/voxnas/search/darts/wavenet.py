"""The space `darts_wavenet`: one WaveNet array whose layers are chosen, all choices in one convolution per layer.

A weighted sum of convolutions of one signal is one convolution with the weighted kernel. So a layer's kernel
sizes and dilations are a single convolution with taps wherever an option has one, and the relaxed network takes
little more time than the largest one within. A kernel size is the first taps of the longest kernel (they are
shared: what a tap learns serves all sizes that have it); each dilation has taps of its own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn

from voxnas.kernels.build import Unavailable
from voxnas.kernels.mixture import MIXED, NativeMixture
from voxnas.models.activations import activation
from voxnas.models.base import Network
from voxnas.models.genotype import Genotype, LayerChoice, WaveNetGenotype
from voxnas.models.wavenet import BACKENDS, WaveNet
from voxnas.search.darts.places import best_places
from voxnas.search.darts.supernet import Choices, Price, SuperNet
from voxnas.utils.errors import InputError

NONE, KEEP = 0, 1  # columns of the table "layer"
GATES = ("none", "gated")


@dataclass(frozen=True)
class WaveNetOperation:
    """What a WaveNet of one array consists of: its input and head ("ends", once), and layers.

    What a layer costs does not depend on its dilation.
    """

    kind: str  # "ends" or "layer"
    channels: int
    kernel_size: int = 1
    activation: str = "Tanh"
    gated: bool = False

    @property
    def macs(self) -> int:
        """Multiply-adds per sample."""
        if self.kind == "ends":
            return 2 * self.channels
        inner = self.channels * (1 + self.gated)
        return inner * self.channels * self.kernel_size + inner + self.channels**2

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.macs + (1 if self.kind == "ends" else self.channels * (2 + self.gated))


class WaveNetSuperNet(SuperNet):
    """All WaveNets of one array of so many places, each a layer or none.

    Args:
        channels: of the array.
        dilation_bases: one per place, in samples.
        kernel_sizes: to choose from.
        dilation_multiples: of the base, to choose from.
        activations: to choose from; PReLU is none of them.
        gates: "none", "gated" or both.
        head_scale: as of `WaveNet`.
        backend: "native", "torch", or "auto" for native where it can be.

    Raises:
        InputError: options that are empty, unknown or no sizes.
    """

    def __init__(
        self,
        channels: int,
        dilation_bases: Sequence[int],
        kernel_sizes: Sequence[int] = (2, 3, 5),
        dilation_multiples: Sequence[int] = (1, 2, 4, 8),
        activations: Sequence[str] = ("Tanh", "Hardtanh", "SiLU", "LeakyReLU"),
        gates: Sequence[str] = GATES,
        head_scale: float = 0.02,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        _check(channels, dilation_bases, kernel_sizes, dilation_multiples, activations, gates, backend)
        self.channels, self.head_scale, self.backend = channels, head_scale, backend
        self.kernel_sizes, self.multiples = sorted(kernel_sizes), sorted(dilation_multiples)
        self.bases = list(dilation_bases)
        self.activations, self.gates = list(activations), list(gates)
        rows = [f"layer {i + 1} (×{base})" for i, base in enumerate(self.bases)]
        self.choices = nn.ModuleDict(
            {
                "layer": Choices(rows, ["none", "keep"]),
                "kernel": Choices(rows, [str(size) for size in self.kernel_sizes]),
                "dilation": Choices(rows, [f"{multiple}×" for multiple in self.multiples]),
                "activation": Choices(rows, self.activations),
                "gate": Choices(rows, self.gates),
            }
        )
        self._make_weights(len(self.bases))
        longest = (self.kernel_sizes[-1] - 1) * self.multiples[-1]
        self.receptive_field = 1 + longest * sum(self.bases)
        self._native: NativeMixture | Unavailable | None = None

    def _make_weights(self, layers: int) -> None:
        """As PyTorch's default for each of the convolutions that there are."""
        size, width = self.kernel_sizes[-1], self.channels
        reach = [m * tap for m in self.multiples for tap in range(size)]  # of each option's taps, from the base
        self.taps = sorted(set(reach))
        self._to_taps: Tensor
        self.register_buffer(
            "_to_taps", torch.tensor([[float(r == tap) for r in reach] for tap in reversed(self.taps)]), False
        )
        has = torch.tensor([[float(tap < s) for tap in range(size)] for s in self.kernel_sizes])
        self._has_tap: Tensor
        self.register_buffer("_has_tap", has, False)
        inner = width * (2 if "gated" in self.gates else 1)
        self.rechannel = nn.Parameter(_uniform((width, 1, 1), 1))
        self.conv_weight = nn.Parameter(_uniform((layers, len(reach), inner, width), 3 * width))
        self.conv_bias = nn.Parameter(_uniform((layers, inner), 3 * width))
        self.mixin = nn.Parameter(_uniform((layers, inner, 1, 1), 1))
        self.residual_weight = nn.Parameter(_uniform((layers, width, width, 1), width))
        self.residual_bias = nn.Parameter(_uniform((layers, width), width))
        self.head_weight = nn.Parameter(_uniform((1, width, 1), width))
        self.head_bias = nn.Parameter(_uniform((1,), width))

    def probabilities(self, name: str) -> Tensor:
        """Of a table, at the temperature of now."""
        table = self.choices[name]
        assert isinstance(table, Choices)
        return table.probabilities(self.temperature)

    def _mixed(self) -> tuple[Tensor, Tensor, Tensor]:
        """The weighted kernels `(layers, inner, channels, taps)`, activations `(layers, MIXED)`, gates `(layers,)`."""
        with_tap = self.probabilities("kernel") @ self._has_tap
        weight = (self.probabilities("dilation").unsqueeze(2) * with_tap.unsqueeze(1)).flatten(1)
        scattered = self._to_taps * weight.unsqueeze(1)  # (layers, taps, options' taps)
        layers, _, inner, channels = self.conv_weight.shape
        kernels = (scattered @ self.conv_weight.flatten(2)).view(layers, -1, inner, channels)
        columns = [MIXED.index(name) for name in self.activations]
        kept = self.probabilities("layer")[:, KEEP:]
        mixture = kept.new_zeros(layers, len(MIXED))
        mixture = mixture.index_copy(1, torch.tensor(columns), kept * self.probabilities("activation"))
        gates = self.probabilities("gate")
        gate = gates[:, self.gates.index("gated")] if "gated" in self.gates else gates.new_zeros(layers)
        return kernels.permute(0, 2, 3, 1), mixture, gate

    def forward(self, x: Tensor) -> Tensor:
        kernels, mixture, gate = self._mixed()
        native = self._form(x)
        if native is None:
            return self._run(x, kernels, mixture, gate)
        parts = [kernels, self.conv_bias, self.mixin, mixture]
        parts += [gate.unsqueeze(1)] if "gated" in self.gates else []
        parts += [self.residual_weight, self.residual_bias]
        layers = [tensor for layer in zip(*(p.unbind(0) for p in parts), strict=True) for tensor in layer]
        weights = [self.rechannel, *layers, self.head_weight, self.head_bias]
        return native(x, self.head_scale, self.receptive_field, weights)

    def _form(self, x: Tensor) -> NativeMixture | None:
        """What computes `forward` instead of PyTorch, if the backend asked for and `x` allow it."""
        if self.backend == "torch" or x.device.type != "cpu" or x.dtype != torch.float32:
            return None
        if self._native is None:
            taps = [[base * tap for tap in self.taps] for base in self.bases]
            try:
                self._native = NativeMixture(self.channels, taps, self.activations, "gated" in self.gates)
            except Unavailable as reason:
                self._native = reason
        if isinstance(self._native, NativeMixture):
            return self._native
        if self.backend == "native":
            raise InputError(f"backend=native cannot be: {self._native}") from self._native
        return None

    def _run(self, x: Tensor, kernels: Tensor, mixture: Tensor, gate: Tensor) -> Tensor:
        samples = x.shape[-1] - self.receptive_field + 1
        condition, x = x, self.rechannel.view(1, -1, 1) * x
        head: Tensor = x.new_zeros(1)
        functions = [activation(name, self.channels) for name in MIXED]
        for layer, base in enumerate(self.bases):
            length = x.shape[-1] - base * self.taps[-1]
            past = [x[..., x.shape[-1] - length - base * t :][..., :length] for t in reversed(self.taps)]
            kernel = kernels[layer].transpose(1, 2).flatten(1)  # (inner, taps · channels)
            z = kernel @ torch.cat(past, 1) + self.conv_bias[layer].view(-1, 1)
            z = z + self.mixin[layer].view(-1, 1) * condition[..., -length:]
            used = [MIXED.index(name) for name in self.activations]
            a = sum(mixture[layer, i] * functions[i](z[:, : self.channels]) for i in used)
            if "gated" in self.gates:
                a = a * (1 - gate[layer] + gate[layer] * torch.sigmoid(z[:, self.channels :]))
            head = head + a[..., -samples:]
            x = x[..., -length:] + self.residual_weight[layer, :, :, 0] @ a + self.residual_bias[layer].view(-1, 1)
        return self.head_scale * (self.head_weight[..., 0] @ head + self.head_bias.view(1, 1, 1))

    def _strongest(self) -> list[tuple[int, LayerChoice]]:
        """The places that keep their layer, and what it is."""
        best = {name: table.logits.argmax(dim=1).tolist() for name, table in self.choices.items()}  # type: ignore[union-attr,operator]
        return [
            (place, LayerChoice(self.kernel_sizes[best["kernel"][place]],
                                base * self.multiples[best["dilation"][place]],
                                self.activations[best["activation"][place]],
                                self.gates[best["gate"][place]] == "gated"))
            for place, base in enumerate(self.bases)
            if best["layer"][place] == KEEP
        ]  # fmt: skip

    def genotype(self) -> WaveNetGenotype:
        layers = tuple(layer for _, layer in self._strongest())
        if not layers:
            raise InputError("the search left out every layer: lower nas_penalty, or search longer")
        return WaveNetGenotype(self.channels, layers, head_scale=self.head_scale)

    def network(self) -> Network:
        """The strongest choices as a network, with the weights that they have here."""
        genotype = self.genotype()
        net = wavenet(genotype)
        values = [self.rechannel]
        for place, layer in self._strongest():
            inner = slice(None, self.channels * (1 + layer.gated))
            first = self.multiples.index(layer.dilation // self.bases[place]) * self.kernel_sizes[-1]
            taps = self.conv_weight[place, first : first + layer.kernel_size, inner].flip(0)
            values += [taps.permute(1, 2, 0), self.conv_bias[place, inner], self.mixin[place, inner, 0, :, None]]
            values += [self.residual_weight[place], self.residual_bias[place]]
        values += [self.head_weight, self.head_bias]
        with torch.no_grad():
            for parameter, value in zip(net.parameters(), values, strict=True):
                parameter.copy_(value.reshape(parameter.shape))
        return net

    def set_one_hot(self, genotype: Genotype) -> None:
        """A genotype says which layers there are, not at which places: the places are those that fit best.

        Raises InputError where it is not in this space.
        """
        if not isinstance(genotype, WaveNetGenotype) or genotype.channels != self.channels:
            raise InputError(f"the genotype is no WaveNet of {self.channels} channels")
        places = best_places([[self._fit(p, layer) for p in range(len(self.bases))] for layer in genotype.layers])
        at = dict(zip(places, genotype.layers, strict=True))
        picks: dict[str, list[int]] = {name: [] for name in self.choices}
        for place, base in enumerate(self.bases):
            layer = at.get(place)
            picks["layer"].append(NONE if layer is None else KEEP)
            for name, column in self._columns(layer, base).items():
                picks[name].append(column)
        for name, table in self.choices.items():
            table.set_one_hot(picks[name])  # type: ignore[operator]

    def _columns(self, layer: LayerChoice | None, base: int) -> dict[str, int]:
        if layer is None:
            return {"kernel": 0, "dilation": 0, "activation": 0, "gate": 0}
        return {
            "kernel": self.kernel_sizes.index(layer.kernel_size),
            "dilation": self.multiples.index(layer.dilation // base),
            "activation": self.activations.index(layer.activation),
            "gate": self.gates.index(GATES[layer.gated]),
        }

    def _fit(self, place: int, layer: LayerChoice) -> float:
        """How probable the layer is there; -inf where it cannot be."""
        if layer.dilation % self.bases[place]:
            return -math.inf
        try:
            columns = {"layer": KEEP, **self._columns(layer, self.bases[place])}
        except ValueError:
            return -math.inf
        logs = (self.choices[n].logits[place].log_softmax(0)[c] for n, c in columns.items())  # type: ignore[index,union-attr]
        skipped = self.choices["layer"].logits[place].log_softmax(0)[NONE]  # type: ignore[index,union-attr]
        return float(sum(logs) - skipped)

    def expected_cost(self, price: Price) -> Tensor:
        kept = self.probabilities("layer")[:, KEEP]
        options = product(self.kernel_sizes, self.activations, self.gates)
        prices = [price(WaveNetOperation("layer", self.channels, k, a, g == "gated")) for k, a, g in options]
        table = kept.new_tensor(prices).view(len(self.kernel_sizes), len(self.activations), len(self.gates))
        per_layer = torch.einsum(
            "lk,la,lg,kag->l", *(self.probabilities(n) for n in ("kernel", "activation", "gate")), table
        )
        return (kept * per_layer).sum() + price(WaveNetOperation("ends", self.channels))

    def largest_cost(self, price: Price) -> float:
        """Of the most expensive network within."""
        options = product(self.kernel_sizes, self.activations, self.gates)
        most = max(price(WaveNetOperation("layer", self.channels, k, a, g == "gated")) for k, a, g in options)
        return len(self.bases) * most + price(WaveNetOperation("ends", self.channels))


def wavenet(genotype: WaveNetGenotype, name: str = "wavenet") -> WaveNet:
    """The network of a genotype, with fresh weights."""
    layers = genotype.layers
    array = {
        "channels": genotype.channels,
        "dilations": [layer.dilation for layer in layers],
        "kernel_size": [layer.kernel_size for layer in layers],
        "activation": [layer.activation for layer in layers],
        "gating": [GATES[layer.gated] for layer in layers],
        "head_kernel_size": genotype.head_kernel_size,
    }
    return WaveNet([array], genotype.head_scale, name)


def _uniform(shape: tuple[int, ...], fan_in: int) -> Tensor:
    bound = fan_in**-0.5
    return torch.empty(shape).uniform_(-bound, bound)


def _check(
    channels: int,
    bases: Sequence[int],
    kernel_sizes: Sequence[int],
    multiples: Sequence[int],
    activations: Sequence[str],
    gates: Sequence[str],
    backend: str,
) -> None:
    sizes = [channels, *bases, *kernel_sizes, *multiples]
    if not bases or not kernel_sizes or not multiples or any(type(size) is not int or size < 1 for size in sizes):
        raise InputError("channels, kernel sizes and dilations are whole numbers from 1")
    for what, given, known in (("activation", activations, MIXED), ("gate", gates, GATES)):
        if not given or len(set(given)) != len(given):
            raise InputError(f"{what}s: name each of one or more once")
        if unknown := set(given) - set(known):
            raise InputError(f"unknown {what} {sorted(unknown)[0]!r} in the space; one of {', '.join(known)}")
    if backend not in BACKENDS:
        raise InputError(f"unknown backend {backend!r}; one of {', '.join(BACKENDS)}")
