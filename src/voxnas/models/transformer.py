"""A causal transformer: attention over a window of the past, with a cache of keys and values.

After Vaswani et al. (2017), "Attention Is All You Need"; a norm comes before each part (Xiong et al., 2020).
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from voxnas.kernels.graph import NORM_FLOOR, Step
from voxnas.kernels.graph_check import MOST_WINDOW
from voxnas.models.activations import PReLU, Spec, check_activation
from voxnas.models.activations import activation as activation_module
from voxnas.models.base import State
from voxnas.models.pointwise import Pointwise, activated, pointwise, pointwise_step
from voxnas.models.programmed import ProgramNetwork
from voxnas.models.stacked import Stacked
from voxnas.utils.errors import InputError


class EncoderLayer(nn.Module):
    """`x + attention(norm(x))`, then `x + feed_forward(norm(x))`.

    A key and a value carry the sine-cosine position of their age, counted back from the query: that is the
    same at every time, so that they are computed once and kept.
    """

    ages: Tensor

    def __init__(
        self, channels: int, heads: int, window: int, dilation: int, hidden: int, spec: Spec, norm: bool
    ) -> None:
        super().__init__()
        self.heads, self.window, self.dilation, self.norm = heads, window, dilation, norm
        self.past_samples = (window - 1) * dilation
        self.project = Pointwise(channels, 3 * channels)
        self.attended = Pointwise(channels, channels)
        self.widen, self.narrow = Pointwise(channels, hidden), Pointwise(hidden, channels)
        self.norms = nn.ModuleList(nn.LayerNorm(channels, NORM_FLOOR) for _ in range(2 if norm else 0))
        self.activation = activation_module(spec, hidden)
        self.register_buffer("ages", positions(channels, window))

    def forward(self, x: Tensor, past: Tensor | None) -> tuple[Tensor, Tensor]:
        """With a past, of queries, keys and values, as many samples as went in; without one, fewer."""
        projected = self.projected(x)
        if past is not None:
            projected = torch.cat([past, projected], dim=-1)
        after = projected[..., projected.shape[-1] - self.past_samples :]
        y = self._attend(projected)
        x = x[..., x.shape[-1] - y.shape[-1] :] + self.attended(y)
        return x + self.narrow(activated(self.activation, self.widen(self._normed(1, x)))), after

    def projected(self, x: Tensor) -> Tensor:
        """Queries, keys and values, `(3 channels, batch, samples)`."""
        return pointwise(self._normed(0, x), *self.projection())

    def projection(self) -> tuple[Tensor, Tensor]:
        """Weight and bias to queries, keys and values; queries scaled, and at age 0."""
        bias = self.project.bias
        assert bias is not None
        channels = len(self.attended.weight)
        scale = torch.ones_like(bias)
        scale[:channels] = (channels // self.heads) ** -0.5
        now = torch.zeros_like(scale)
        now[:channels] = (self.project.weight @ self.ages[:, 0])[:channels]
        return scale[:, None] * self.project.weight, scale * (bias + now)

    def older(self) -> Tensor:
        """What is added to keys and values of each age, `(2, channels, window)`."""
        channels = len(self.attended.weight)
        return (self.project.weight[channels:] @ self.ages).unflatten(0, (2, channels))

    def _attend(self, projected: Tensor) -> Tensor:
        """`(3 channels, batch, samples + past)` to `(channels, batch, samples)`."""
        query, key, value = projected.unflatten(0, (3, self.heads, -1)).unbind(0)
        older = self.older().unflatten(1, (self.heads, -1))[..., None, None, :]
        reach = self.past_samples + 1
        query = query[..., self.past_samples :].unsqueeze(-1)
        # (heads, width, batch, samples, window), the youngest first
        key, value = (
            part.unfold(-1, reach, 1)[..., :: self.dilation].flip(-1) + older[index]
            for index, part in enumerate((key, value))
        )
        shares = (query * key).sum(1, keepdim=True).softmax(-1)
        return (shares * value).sum(-1).flatten(0, 1)

    def _normed(self, index: int, x: Tensor) -> Tensor:
        return self.norms[index](x.movedim(0, -1)).movedim(-1, 0) if self.norm else x

    def program(self, signal: int, spec: Spec) -> list[Step]:
        """Steps that follow those that made so many signals, the last of which goes in."""
        channels, steps = len(self.attended.weight), []

        def then(step: Step) -> int:
            steps.append(step)
            return signal + len(steps)

        def normed(index: int, of: int) -> int:
            if not self.norm:
                return of
            gains = {"weight": self.norms[index].weight, "bias": self.norms[index].bias}
            return then(Step("norm", (of,), channels, 1, **gains))  # type: ignore[arg-type]

        projected = then(pointwise_step(normed(0, signal), *self.projection()))
        window = {"kernel_size": self.window, "dilation": self.dilation, "heads": self.heads}
        seen = then(Step("attention", (projected,), channels, 1, weight=self.older(), **window))  # type: ignore[arg-type]
        between = then(Step("add", (signal, then(self.attended.step(seen))), channels, 1))
        wide = then(self.widen.step(normed(1, between)))
        slopes = self.activation.slopes if isinstance(self.activation, PReLU) else None
        width = len(self.widen.weight)
        active = then(Step("activation", (wide,), width, 1, weight=slopes, activation=spec))
        then(Step("add", (between, then(self.narrow.step(active))), channels, 1))
        return steps


class Transformer(Stacked[EncoderLayer], ProgramNetwork):
    """A linear encoder, encoder layers with a causal window, a linear decoder.

    Layer l sees `window` samples that are `dilation_base ** l` apart.

    Args:
        channels: of every layer, shared evenly by the heads.
        num_layers: encoder layers.
        heads: of the attention.
        window: samples that a layer sees, the current one included; up to 1024.
        dilation_base: 1 for samples without gaps in every layer.
        feed_forward: units of each layer's feed-forward part, in multiples of the channels.
        activation: of the feed-forward parts; a name, or `{"type": name, parameter: value}`.
        norm: a norm over the channels before each part.
        name: a readable name; None for one after the sizes.
        backend: of training; see `ProgramNetwork`.

    Raises:
        InputError: sizes that cannot be, an unknown activation or backend.
    """

    segment_length = 1024

    def __init__(
        self,
        channels: int = 8,
        num_layers: int = 2,
        heads: int = 2,
        window: int = 16,
        dilation_base: int = 4,
        feed_forward: int = 2,
        activation: Spec = "ReLU",
        norm: bool = False,
        name: str | None = None,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        self.use(backend)
        sizes = (channels, num_layers, heads, window, dilation_base, feed_forward)
        if any(type(size) is not int or size < 1 for size in sizes):
            known = "channels, num_layers, heads, window, dilation_base and feed_forward"
            raise InputError(f"Transformer: {known} are whole numbers from 1")
        if channels % heads:
            raise InputError(f"Transformer: {heads} heads cannot share {channels} channels evenly")
        if window > MOST_WINDOW:
            raise InputError(f"Transformer: window is at most {MOST_WINDOW} samples, got {window}")
        self.channels, self.num_layers, self.heads, self.window = channels, num_layers, heads, window
        self.dilation_base, self.feed_forward, self.norm = dilation_base, feed_forward, norm
        self.spec = check_activation(activation)
        self.name = name or f"transformer-l{num_layers}-c{channels}-h{heads}-w{window}-d{dilation_base}"
        layers = (
            EncoderLayer(
                channels, heads, window, dilation_base**layer, feed_forward * channels, self.spec, norm
            )
            for layer in range(num_layers)
        )
        self.stack(channels, layers)
        self.receptive_field = 1 + sum(layer.past_samples for layer in self._layers)

    def _offline(self, x: Tensor, heard: Tensor | None) -> Tensor:
        return self._run(x, [None] * self.num_layers)[0]

    def initial_state(self, batch: int = 1, controls: Tensor | None = None) -> State:
        """The projections of a constant input, layer by layer."""
        x, states = self.encoder(self.decoder.weight.new_zeros(1, batch, 1)), []
        for layer in self._layers:
            past = layer.projected(x).repeat(1, 1, layer.past_samples)
            states.append(past)
            x = layer(x, past)[0]
        return states

    @property
    def macs_per_sample(self) -> int:
        maps = sum(module.macs for module in self.modules() if isinstance(module, Pointwise))
        return maps + 2 * self.window * self.channels * self.num_layers

    def architecture(self) -> dict[str, Any]:
        sizes = {"channels": self.channels, "num_layers": self.num_layers, "heads": self.heads}
        reach = {"window": self.window, "dilation_base": self.dilation_base}
        more = {"feed_forward": self.feed_forward, "activation": self.spec, "norm": self.norm}
        return {"type": "Transformer", "name": self.name, **sizes, **reach, **more}

    def summary(self) -> dict[str, Any]:
        return {"num_layers": self.num_layers, "channels": self.channels, "kernel_size": self.window}


def positions(channels: int, window: int) -> Tensor:
    """Sines and cosines of ages, `(channels, window)`, from 2π samples long to about twice the window."""
    ages = torch.arange(window, dtype=torch.float64)
    pairs = torch.arange((channels + 1) // 2, dtype=torch.float64)
    longest = max(window / math.pi, 1.0)
    frequencies = longest ** (-pairs / max(len(pairs) - 1, 1))
    waves = frequencies[:, None] * ages
    return torch.stack([waves.sin(), waves.cos()], dim=1).flatten(0, 1)[:channels].float()
