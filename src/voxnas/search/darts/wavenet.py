"""The space `darts_wavenet`: one WaveNet array whose layers are chosen.

A weighted sum of convolutions of one signal is one convolution with the weighted kernel. So a layer's kernel
sizes and dilations are a single convolution with taps wherever an option has one, and the relaxed network
takes little more time than the largest one within. A kernel size is the first taps of the longest kernel,
shared, so that what a tap learns serves all sizes that have it; each dilation has taps of its own.

Tables of which one option is drawn per step, instead of mixing all, make up one network at a time. How much
a layer counts says little where it is mixed: its weights make up for any factor.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import product

import torch
from torch import Tensor, nn

from voxnas.kernels.mixture import MIXED, MixedLayer
from voxnas.models.base import BACKENDS, Network
from voxnas.models.from_genotype import network_of
from voxnas.models.genotype import Genotype, LayerChoice, WaveNetGenotype
from voxnas.search.darts.layer_options import GATES, LayerOptions
from voxnas.search.darts.mixture import Ends, Layer, run
from voxnas.search.darts.places import best_places
from voxnas.search.darts.supernet import Choices, Price, SuperNet
from voxnas.search.darts.wavenet_costs import measure_wavenet_operations
from voxnas.search.darts.wavenet_operations import WaveNetOperation
from voxnas.utils.errors import InputError

NONE, KEEP = 0, 1  # columns of the table "layer"


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
        prior: by how much the logits of a layer and of no gate begin above the others', so that what is drawn
            at first is deep, and its weights learn before layers are left out for being of no use yet.
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
        prior: float = 0.0,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        if type(channels) is not int or channels < 1:
            raise InputError("channels, kernel sizes and dilations are whole numbers from 1")
        if backend not in BACKENDS:
            raise InputError(f"unknown backend {backend!r}; one of {', '.join(BACKENDS)}")
        self.options = LayerOptions(
            bases=list(dilation_bases),
            kernel_sizes=sorted(kernel_sizes),
            multiples=sorted(dilation_multiples),
            activations=list(activations),
            gates=list(gates),
        )
        self.channels, self.head_scale, self.backend = channels, head_scale, backend
        rows = [f"layer {i + 1} (×{base})" for i, base in enumerate(dilation_bases)]
        tables = {"layer": ["none", "keep"], **self.options.columns()}
        self.choices = nn.ModuleDict({name: Choices(rows, columns) for name, columns in tables.items()})
        with torch.no_grad():
            self._table("layer").logits[:, KEEP] += prior
            self._table("gate").logits[:, 0] += prior if gates[0] == "none" else 0.0
        self._make_weights(len(dilation_bases))
        longest = (self.options.kernel_sizes[-1] - 1) * self.options.multiples[-1]
        self.receptive_field = 1 + longest * sum(dilation_bases)

    def _make_weights(self, layers: int) -> None:
        """Draw initial weights as PyTorch does by default for each of the convolutions."""
        size, width = self.options.kernel_sizes[-1], self.channels
        reach = [m * tap for m in self.options.multiples for tap in range(size)]  # of all taps, × the base
        self.taps = sorted(set(reach))
        self._to_taps: Tensor
        self.register_buffer(
            "_to_taps", torch.tensor([[float(r == tap) for r in reach] for tap in reversed(self.taps)]), False
        )
        has = torch.tensor([[float(tap < s) for tap in range(size)] for s in self.options.kernel_sizes])
        self._has_tap: Tensor
        self.register_buffer("_has_tap", has, False)
        inner = width * (2 if "gated" in self.options.gates else 1)
        self.rechannel = nn.Parameter(_uniform((width, 1, 1), 1))
        self.conv_weight = nn.Parameter(_uniform((layers, len(reach), inner, width), 3 * width))
        self.conv_bias = nn.Parameter(_uniform((layers, inner), 3 * width))
        self.mixin = nn.Parameter(_uniform((layers, inner), 1))
        self.residual_weight = nn.Parameter(_uniform((layers, width, width, 1), width))
        self.residual_bias = nn.Parameter(_uniform((layers, width), width))
        self.head_weight = nn.Parameter(_uniform((1, width, 1), width))
        self.head_bias = nn.Parameter(_uniform((1,), width))

    def probabilities(self, name: str) -> Tensor:
        """Probabilities of a table at the current temperature."""
        return self._table(name).probabilities(self.temperature)

    def _table(self, name: str) -> Choices:
        table = self.choices[name]
        assert isinstance(table, Choices)
        return table

    def forward(self, x: Tensor) -> Tensor:
        """Output for the input; a drawn network is computed on its own where no choices are learnt."""
        learns = torch.is_grad_enabled() and self.alphas()[0].requires_grad
        layers = self._mixed(learns) if learns or set(self.choices) - set(self.drawn) else self._drawn()
        past = sum(layer.form.taps[-1] for layer in layers)
        ends = Ends(self.rechannel, self.head_weight, self.head_bias)
        return run(x[..., self.receptive_field - 1 - past :], layers, ends, self.head_scale, self.backend)

    def _mixed(self, learns: bool) -> list[Layer]:
        """Every option of every layer by its weight; layers that count nothing only if that `learns`."""
        weighed = {name: self._weighed(name) for name in self.choices}
        kept = weighed["layer"][:, KEEP:]
        with_tap = weighed["kernel"] @ self._has_tap
        options = (weighed["dilation"].unsqueeze(2) * with_tap.unsqueeze(1)).flatten(1)
        count, _, outputs, channels = self.conv_weight.shape
        scattered = self._to_taps * options.unsqueeze(1)  # (layers, taps, options' taps)
        kernels = (scattered @ self.conv_weight.flatten(2)).view(count, -1, outputs, channels)
        columns = torch.tensor([MIXED.index(name) for name in self.options.activations], device=kept.device)
        activations = kept.new_zeros(count, len(MIXED)).index_copy(1, columns, kept * weighed["activation"])
        gated = "gated" in self.options.gates
        gate = weighed["gate"][:, self.options.gates.index("gated")] if gated else kept[:, 0]
        parts = [kernels.permute(0, 2, 3, 1), self.conv_bias, self.mixin, activations, gate.unsqueeze(1)]
        parts += [self.residual_weight, self.residual_bias * kept]
        forms = [
            MixedLayer(tuple(base * tap for tap in self.taps), tuple(self.options.activations), gated)
            for base in self.options.bases
        ]
        of_layers = zip(forms, *(part.unbind() for part in parts), strict=True)
        counts = kept[:, 0].tolist()
        return [Layer(*own) for own, count in zip(of_layers, counts, strict=True) if learns or count > 0]

    def _weighed(self, name: str) -> Tensor:
        """Weights of the options: their probabilities, or 0 and 1 of a draw."""
        table = self._table(name)
        drawn = name in self.drawn
        return table.sample(self.temperature) if drawn else table.probabilities(self.temperature)

    def _drawn(self) -> list[Layer]:
        """The layers of a draw."""
        picks = {name: self._table(name).sample().argmax(dim=1).tolist() for name in self.choices}
        return [
            self._layer(place, {name: columns[place] for name, columns in picks.items()})
            for place in range(len(self.options.bases))
            if picks["layer"][place] == KEEP
        ]

    def _layer(self, place: int, pick: Mapping[str, int]) -> Layer:
        """One option of each table, with its weights."""
        choice = self.options.choice(place, pick)
        outputs = self.channels * (1 + choice.gated)
        first = pick["dilation"] * self.options.kernel_sizes[-1]
        kernel = (
            self.conv_weight[place, first : first + choice.kernel_size, :outputs].flip(0).permute(1, 2, 0)
        )
        taps = tuple(choice.dilation * tap for tap in range(choice.kernel_size))
        one = kernel.new_zeros(len(MIXED))
        one[MIXED.index(choice.activation)] = 1.0
        return Layer(
            form=MixedLayer(taps, (choice.activation,), choice.gated),
            kernel=kernel,
            bias=self.conv_bias[place, :outputs],
            mixin=self.mixin[place, :outputs],
            activations=one,
            gate=kernel.new_ones(1),
            residual=self.residual_weight[place],
            residual_bias=self.residual_bias[place],
        )

    def _strongest(self) -> dict[int, dict[str, int]]:
        """Strongest column of each table, by the places that keep their layer."""
        best = {name: self._table(name).logits.argmax(dim=1).tolist() for name in self.choices}
        places = [place for place, column in enumerate(best["layer"]) if column == KEEP]
        if not places:  # a network has a layer: the likeliest one
            logits = self._table("layer").logits
            places = [int((logits[:, KEEP] - logits[:, NONE]).argmax())]
        return {place: {name: columns[place] for name, columns in best.items()} for place in places}

    def genotype(self) -> WaveNetGenotype:
        layers = tuple(self.options.choice(place, pick) for place, pick in self._strongest().items())
        return WaveNetGenotype(self.channels, layers, head_scale=self.head_scale)

    def network(self) -> Network:
        """The strongest choices as a network, with the weights that they have here."""
        layers = [self._layer(place, pick) for place, pick in self._strongest().items()]
        own: list[Tensor] = []
        for layer in layers:
            own += [layer.kernel, layer.bias, layer.mixin, layer.residual, layer.residual_bias]
        net = network_of(self.genotype())
        with torch.no_grad():
            values = [self.rechannel, *own, self.head_weight, self.head_bias]
            for parameter, value in zip(net.parameters(), values, strict=True):
                parameter.copy_(value.reshape(parameter.shape))
        return net

    def set_one_hot(self, genotype: Genotype) -> None:
        """Make the choices as good as certain of a genotype, at the places where its layers fit best.

        A genotype has layers, but no places. Raises InputError where it is not in this space.
        """
        if not isinstance(genotype, WaveNetGenotype) or genotype.channels != self.channels:
            raise InputError(f"the genotype is no WaveNet of {self.channels} channels")
        places = best_places(
            [[self._fit(p, layer) for p in range(len(self.options.bases))] for layer in genotype.layers]
        )
        at = dict(zip(places, genotype.layers, strict=True))
        picks: dict[str, list[int]] = {name: [] for name in self.choices}
        for place in range(len(self.options.bases)):
            layer = at.get(place)
            pick = self.options.pick(place, layer)
            assert pick is not None  # only such places fit
            for name, column in {"layer": NONE if layer is None else KEEP, **pick}.items():
                picks[name].append(column)
        for name, table in self.choices.items():
            table.set_one_hot(picks[name])  # type: ignore[operator]

    def _fit(self, place: int, layer: LayerChoice) -> float:
        """Log probability of the layer at the place; -inf where it cannot be."""
        pick = self.options.pick(place, layer)
        if pick is None:
            return -math.inf
        columns = {"layer": KEEP, **pick}
        logs = {name: self._table(name).logits[place].detach().log_softmax(0) for name in columns}
        skipped = logs["layer"][NONE]
        return float(sum(logs[name][column] for name, column in columns.items()) - skipped)

    def expected_cost(self, price: Price) -> Tensor:
        kept = self.probabilities("layer")[:, KEEP]
        options = (self.options.kernel_sizes, self.options.activations, self.options.gates)
        prices = [
            price(WaveNetOperation("layer", self.channels, k, a, g == "gated"))
            for k, a, g in product(*options)
        ]
        table = kept.new_tensor(prices).view(*map(len, options))
        per_layer = torch.einsum(
            "lk,la,lg,kag->l", *(self.probabilities(n) for n in ("kernel", "activation", "gate")), table
        )
        return (kept * per_layer).sum() + price(WaveNetOperation("ends", self.channels))

    def measure_operations(self, operations: Sequence[WaveNetOperation]) -> list[float]:
        return measure_wavenet_operations(operations)

    def genotype_weights(self) -> dict[str, Tensor]:
        return dict(self.network().state_dict())


def _uniform(shape: tuple[int, ...], fan_in: int) -> Tensor:
    bound = fan_in**-0.5
    return torch.empty(shape).uniform_(-bound, bound)
