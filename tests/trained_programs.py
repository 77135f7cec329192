"""Any programs whose steps native code trains, and what they make in PyTorch by the words of `Step`."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from voxnas.kernels.activations import TRAINED
from voxnas.kernels.graph import NORM_FLOOR, Layer, Step
from voxnas.models import activations

CONTROLS = 2
KINDS = ("conv", "conv", "activation", "activation", "add", "multiply", "film", "norm", "attention")
KINDS += ("diagonal", "select")
KINKED = ("ReLU", "LeakyReLU", "PReLU", "Hardtanh")
SMOOTH = ("Tanh", "Sigmoid", "Softsign", "SiLU")
BLOCK = 64  # samples of a recurrence that are one product


def conv(signal: int, inputs: int, channels: int, random: torch.Generator, **more) -> Step:
    """A convolution that keeps the level."""
    kernel = more.get("kernel_size", 1)
    weight = torch.randn(channels, inputs, kernel, generator=random) * (inputs * kernel) ** -0.5
    bias = 0.1 * torch.randn(channels, generator=random) if more.pop("biased", True) else None
    return Step("conv", (signal,), channels, 1, weight=weight, bias=bias, **more)


@st.composite
def programs(draw: st.DrawFn) -> list[Step]:
    """Any of whose signals may be read by several, or by none."""
    random = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    steps: list[Step] = []
    channels = [1]
    for _ in range(draw(st.integers(1, 9))):
        # the latest more often, so that programs are deep
        signal = draw(st.one_of(st.just(len(steps)), st.integers(0, len(steps))))
        width = channels[signal]
        alike = [number for number, count in enumerate(channels) if count == width]
        kind = draw(st.sampled_from(KINDS))
        if kind == "attention":
            heads, head = draw(st.integers(1, 2)), draw(st.integers(1, 3))
            steps.append(conv(signal, width, 3 * heads * head, random))
            channels.append(3 * heads * head)
            signal, width = len(steps), heads * head
        if kind == "diagonal" and width % 2:
            modes = draw(st.integers(1, 3))
            steps.append(conv(signal, width, 2 * modes, random))
            channels.append(2 * modes)
            signal, width = len(steps), 2 * modes
        if kind == "norm" and width < 4:  # of fewer it is but their order, and hardly has a slope
            steps.append(conv(signal, width, 4, random))
            channels.append(4)
            signal, width = len(steps), 4
        if kind == "conv":
            sizes = {"kernel_size": draw(st.integers(1, 5)), "dilation": draw(st.integers(1, 40))}
            options = {"biased": draw(st.booleans()), "relu": draw(st.integers(0, 4)) == 0}
            step = conv(signal, width, draw(st.integers(1, 9)), random, **sizes, **options)
        elif kind == "activation":
            name = draw(st.sampled_from(TRAINED))
            slopes = torch.rand(width, generator=random) if name == "PReLU" else None
            step = Step("activation", (signal,), width, 1, weight=slopes, activation=name)
        elif kind == "norm":
            gains, biases = torch.rand(2, width, generator=random) + 0.5
            step = Step("norm", (signal,), width, 1, weight=gains, bias=biases)
        elif kind == "attention":
            window = {"kernel_size": draw(st.integers(1, 5)), "dilation": draw(st.integers(1, 20))}
            ages = 0.3 * torch.randn(2, width, window["kernel_size"], generator=random)
            step = Step("attention", (signal,), width, 1, weight=ages, heads=heads, **window)
        elif kind == "diagonal":
            size, angle = 0.99 * torch.rand(2, width // 2, generator=random, dtype=torch.float64)
            state = torch.randn(width, generator=random)
            modes = torch.polar(size, 6 * angle)
            step = Step("diagonal", (signal,), width, 1, modes=modes, state=state)
        elif kind == "select":
            choosers = [number for number, count in enumerate(channels) if count == 1]
            step = selection(draw, (signal, draw(st.sampled_from(choosers))), width, random)
        elif kind == "film":
            film = 0.5 * torch.randn(2, width, CONTROLS, generator=random)
            step = Step("film", (signal,), width, 1, weight=film)
        else:
            more = draw(st.lists(st.sampled_from(alike), min_size=1, max_size=1 + 2 * (kind == "add")))
            step = Step(kind, (signal, *more), width, 1)
        steps.append(step)
        channels.append(step.channels)
    return [*steps, conv(len(steps), channels[-1], 1, random)]


def selection(draw: st.DrawFn, inputs: tuple[int, int], width: int, random: torch.Generator) -> Step:
    """One of few ranges, with a blend or without."""
    bounds = torch.randn(draw(st.integers(1, 3)), generator=random).sort().values
    ranges, taps = len(bounds) + 1, draw(st.integers(1, 4))
    widths = [width * taps, *draw(st.lists(st.integers(1, 7), min_size=1, max_size=3))]
    layers = []
    for before, after in pairwise(widths):
        weight = torch.randn(ranges, after, before, generator=random) * before**-0.5
        layers.append(Layer(weight, 0.1 * torch.randn(ranges, after, generator=random)))
    narrowest = float(bounds.diff().min()) if ranges > 2 else 1.0
    choice = {"bounds": bounds.numpy(), "blend": draw(st.sampled_from([0.0, 0.3, 1.0])) * narrowest}
    choice["activation"] = draw(st.sampled_from(SMOOTH))
    return Step("select", inputs, widths[-1], 1, taps, layers=tuple(layers), **choice)


def tensors(steps: Sequence[Step]) -> list[Tensor]:
    parts = [(step.weight, step.bias, step.modes, step.state, *sum(step.layers, ())) for step in steps]
    return [part for own in parts for part in own if part is not None]


def past_samples(steps: Sequence[Step]) -> int:
    """How far the output looks back, at most."""
    back = [0]
    for step in steps:
        own = (step.kernel_size - 1) * step.dilation
        back.append(own + max(back[number] for number in step.inputs))
    return back[-1]


def reference(steps: Sequence[Step], x: Tensor, samples: int, heard: Tensor) -> tuple[Tensor, float]:
    """From the words of `Step`; and how near an activation comes to where its slope jumps."""
    signals, nearest, known = [x], 1.0, [0]
    for step in steps:
        first, *rest = (signals[number] for number in step.inputs)
        begin = max(known[number] for number in step.inputs)
        known.append(begin + (step.kernel_size - 1) * step.dilation)
        if step.kind == "conv":
            padded = functional.pad(first, ((step.kernel_size - 1) * step.dilation, 0))
            y = functional.conv1d(padded, step.weight, step.bias, dilation=step.dilation)
        elif step.kind == "film":
            scale, shift = torch.einsum("prk,bk->pbr", step.weight, heard).unsqueeze(-1)
            y = first * (1 + scale) + shift
        elif step.kind == "activation":
            y = _activated(step, first)
        elif step.kind == "norm":
            y = functional.layer_norm(first.mT, step.weight.shape, step.weight, step.bias, NORM_FLOOR).mT
        elif step.kind == "attention":
            y = _attended(step, first)
        elif step.kind == "diagonal":
            y = _recurred(step, first, begin)
        elif step.kind == "select":
            y, near = _selected(step, first, rest[0])
            nearest = min(nearest, near)
        else:
            y = sum(rest, start=first) if step.kind == "add" else first * rest[0]
        if step.relu or (step.kind == "activation" and step.activation in KINKED):
            kinks = (-1, 1) if step.activation == "Hardtanh" else (0,)
            before = y if step.relu else first
            nearest = min([nearest, *(float((before - kink).detach().abs().min()) for kink in kinks)])
        signals.append(torch.relu(y) if step.relu else y)
    return signals[-1][..., -samples:], nearest


def _recurred(step: Step, x: Tensor, begin: int) -> Tensor:
    """From its input's sample `begin` on; what is before is never looked at."""
    u = torch.complex(*x[..., begin:].chunk(2, dim=1))
    ages = torch.arange(BLOCK)[:, None] - torch.arange(BLOCK)
    answers = torch.where(ages >= 0, step.modes[:, None, None] ** ages.clamp(min=0), 0)
    fading = step.modes[:, None] ** torch.arange(1, BLOCK + 1)
    state, found = torch.complex(*step.state.chunk(2)).expand(len(x), -1), [x.new_zeros(*x.shape[:2], begin)]
    for part in u.split(BLOCK, dim=-1):
        size = part.shape[-1]
        h = torch.einsum("mts,bms->bmt", answers[:, :size, :size], part)
        h = h + fading[:, :size] * state[..., None]
        state = h[..., -1]
        found.append(torch.cat([h.real, h.imag], dim=1))
    return torch.cat(found, dim=-1)


def _selected(step: Step, x: Tensor, chooser: Tensor) -> tuple[Tensor, float]:
    """The result, and how near the chooser comes to where its ranges change."""
    past = functional.pad(x, (step.kernel_size - 1, 0))
    seen = [past[..., step.kernel_size - 1 - tap :][..., : x.shape[-1]] for tap in range(step.kernel_size)]
    before, y, near = torch.ones_like(chooser), 0, 1.0
    for index in range(len(step.bounds) + 1):
        share = before
        if index < len(step.bounds):
            over = chooser - float(step.bounds[index])
            before = (over / step.blend + 0.5).clamp(0, 1) if step.blend else (over > 0).to(over)
            share = share - before
            near = min(near, float((over.detach().abs() - step.blend / 2).abs().min()))
        own = torch.cat(seen, dim=1)
        for number, layer in enumerate(step.layers):
            own = activations.activation(step.activation, 1)(own) if number else own
            own = torch.einsum("oi,bis->bos", layer.weight[index], own) + layer.bias[index][:, None]
        y = y + share * own
    return y, near


def _attended(step: Step, x: Tensor) -> Tensor:
    """`(batch, 3 channels, samples)` to `(batch, channels, samples)`, with silence before them."""
    back = [age * step.dilation for age in range(step.kernel_size)]
    padded = functional.pad(x, (back[-1], 0))
    seen = torch.stack([padded[..., back[-1] - b : padded.shape[-1] - b] for b in back], dim=-1)
    seen = seen.unflatten(1, (3, step.heads, -1))
    query, key, value = seen.unbind(1)
    own_key, own_value = step.weight.unflatten(1, (step.heads, -1)).unsqueeze(-2)
    scores = (query[..., :1] * (key + own_key)).sum(2, keepdim=True)
    return (scores.softmax(-1) * (value + own_value)).sum(-1).flatten(1, 2)


def _activated(step: Step, x: Tensor) -> Tensor:
    if step.weight is not None:
        return functional.prelu(x, step.weight)
    return activations.activation(step.activation, step.channels)(x)


def grown(steps: Sequence[Step], dtype: torch.dtype) -> list[Step]:
    """A copy whose weights are leaves."""

    def leaf(part: Tensor | None) -> Tensor | None:
        return None if part is None else part.to(dtype).clone().requires_grad_()

    return [
        replace(
            step,
            weight=leaf(step.weight),
            bias=leaf(step.bias),
            state=leaf(step.state),
            layers=tuple(Layer(*map(leaf, layer)) for layer in step.layers),
            modes=None if step.modes is None else step.modes.clone().requires_grad_(),
        )
        for step in steps
    ]


def gradients(y: Tensor, dy: Tensor, *leaves: Tensor) -> list[Tensor]:
    found = torch.autograd.grad(y, leaves, dy.to(y), allow_unused=True)
    pairs = zip(found, leaves, strict=True)
    found = [torch.zeros_like(leaf) if one is None else one for one, leaf in pairs]
    return [torch.view_as_real(one) if one.is_complex() else one.double() for one in found]
