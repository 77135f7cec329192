"""Random programs of steps, and what they compute, written from the words of `Step` in double precision."""

import numpy as np
import torch
from hypothesis import strategies as st
from numpy.typing import NDArray

from voxnas.kernels.activations import PLAYED, name_of
from voxnas.kernels.graph import NORM_FLOOR, Step
from voxnas.models.activations import activation

# small ones more often, since there the forms are what counts
widths = st.one_of(st.integers(1, 6), st.integers(1, 64))


def conv(
    number: int, inputs: int, channels: int, rate: int = 1, kernel_size: int = 1, seed: int = 0, **more
) -> Step:
    """A convolution of signal `number`, with weights that keep its level; `rate` is the result's."""
    rng = np.random.default_rng([seed, number, channels, kernel_size])
    shape = (channels, inputs, kernel_size)
    weight = rng.standard_normal(shape) * np.sqrt(1 / (inputs * kernel_size))
    bias = 0.1 * rng.standard_normal(channels)
    arrays = {"weight": weight.astype(np.float32), "bias": bias.astype(np.float32)}
    return Step("conv", (number,), channels, rate, kernel_size, **more, **arrays)


def upsample(number: int, inputs: int, channels: int, rate: int, kernel_size: int = 1, seed: int = 0) -> Step:
    """The same; `rate` is the result's."""
    both = conv(number, inputs, 2 * channels, rate, kernel_size, seed)
    assert both.weight is not None
    assert both.bias is not None
    weight = both.weight.reshape(2, channels, inputs, kernel_size)
    return Step("upsample", (number,), channels, rate, kernel_size, weight=weight, bias=both.bias[:channels])


@st.composite
def programs(draw: st.DrawFn, most_steps: int = 12, most_rate: int = 4) -> list[Step]:
    """Of all kinds, any of whose signals may be read by several, or by none."""
    steps: list[Step] = []
    signals = [(1, 1)]  # channels, rate
    seed = draw(st.integers(0, 2**31))

    def add(step: Step) -> None:
        steps.append(step)
        signals.append((step.channels, step.rate))

    for _ in range(draw(st.integers(1, most_steps))):
        # the latest more often, so that programs are deep
        number = draw(st.one_of(st.just(len(steps)), st.integers(0, len(steps))))
        channels, rate = signals[number]
        kinds = ["conv", "conv", "avg_pool", "max_pool", "add", "concat", "activation"] + ["upsample"] * (
            rate > 1
        )
        kind = draw(st.sampled_from(kinds))
        if kind in ("add", "concat"):
            alike = [
                n for n, (c, r) in enumerate(signals) if r == rate and (kind == "concat" or c == channels)
            ]
            inputs = tuple(draw(st.lists(st.sampled_from(alike), min_size=1, max_size=4)))
            total = channels if kind == "add" else sum(signals[n][0] for n in inputs)
            if total <= 128:
                add(Step(kind, inputs, total, rate))
            continue
        if kind == "activation":
            name = draw(st.sampled_from(PLAYED))
            slopes = np.linspace(-0.5, 0.5, channels, dtype=np.float32) if name == "PReLU" else None
            add(Step(kind, (number,), channels, rate, weight=slopes, activation=name))
            continue
        sizes = {"kernel_size": draw(st.integers(1, 7))}
        if kind == "upsample":
            add(upsample(number, channels, draw(widths), rate // 2, seed=seed, **sizes))
            continue
        stride = draw(st.sampled_from([1, 2])) if rate < most_rate else 1
        sizes |= {"rate": rate * stride, "stride": stride, "dilation": draw(st.integers(1, 40))}
        if kind == "conv":
            add(conv(number, channels, draw(widths), relu=draw(st.booleans()), seed=seed, **sizes))
        else:
            add(Step(kind, (number,), channels, **sizes))
    while signals[-1][1] > 1:
        add(upsample(len(steps), signals[-1][0], draw(widths), signals[-1][1] // 2, seed=seed))
    add(conv(len(steps), signals[-1][0], 1, seed=seed))
    return steps


def past_samples(steps: list[Step]) -> int:
    """No signal looks back further."""
    rate = max(step.rate for step in steps)
    return sum(rate * step.kernel_size * step.dilation for step in steps)


def reference(steps: list[Step], x: NDArray[np.float32]) -> NDArray[np.float64]:
    """What the program makes of `(samples,)` that follow silence, in as many samples."""
    rate = max(step.rate for step in steps)
    silence = -(-past_samples(steps) // rate) * rate
    padded = np.concatenate([np.zeros(silence), x, np.zeros(-len(x) % rate)])
    signals = [padded[None].astype(float)]
    for step in steps:
        signals.append(_result(step, [signals[number] for number in step.inputs]))
    return signals[-1][0, silence : silence + len(x)]


def _result(step: Step, inputs: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    if step.kind == "add":
        return sum(inputs[1:], start=inputs[0])
    if step.kind == "concat":
        return np.concatenate(inputs)
    if step.kind == "multiply":
        return inputs[0] * inputs[1]
    if step.kind == "select":
        return _selected(step, *inputs)
    (x,) = inputs
    if step.kind == "norm":
        normed = (x - x.mean(0)) / np.sqrt(x.var(0) + NORM_FLOOR)
        return normed * step.weight[:, None] + step.bias[:, None]
    if step.kind == "diagonal":
        return _recurrence(x, step)
    if step.kind == "state_update":
        return _states(x, step)
    if step.kind == "attention":
        return _attended(x, step)
    if step.kind == "activation":
        if name_of(step.activation) == "PReLU":
            return np.where(x > 0, x, x * step.weight[:, None].astype(float))
        return activation(step.activation, step.channels)(torch.from_numpy(x)).numpy()
    if step.kind == "upsample":
        taps = _taps(x, step.kernel_size, 1, 1)
        weight = step.weight.astype(float)
        both = [np.einsum("oij,jit->ot", weight[p], taps) + step.bias[:, None] for p in (0, 1)]
        return np.stack(both, axis=-1).reshape(step.channels, -1)
    taps = _taps(x, step.kernel_size, step.dilation, step.stride)
    if step.kind == "avg_pool":
        return taps.mean(0)
    if step.kind == "max_pool":
        return taps.max(0)
    y = np.einsum("oij,jit->ot", step.weight.astype(float), taps) + step.bias[:, None]
    return np.maximum(y, 0) if step.relu else y


def _recurrence(x: NDArray[np.float64], step: Step) -> NDArray[np.float64]:
    modes = len(step.modes)
    u, h = x[:modes] + 1j * x[modes:], np.zeros((modes, x.shape[1]), complex)
    now = u[:, 0] / (1 - step.modes)  # since there was silence before
    for t in range(x.shape[1]):
        h[:, t] = now = step.modes * now + u[:, t]
    return np.concatenate([h.real, h.imag])


def _layers(step: Step, x: NDArray[np.float64], pick: int | None = None) -> NDArray[np.float64]:
    for index, layer in enumerate(step.layers):
        weight, bias = layer if pick is None else (layer.weight[pick], layer.bias[pick])
        if index:
            x = activation(step.activation, 1)(torch.from_numpy(x)).numpy()
        x = weight.astype(float) @ x + (bias[:, None] if x.ndim == 2 else bias)
    return x


def _states(x: NDArray[np.float64], step: Step) -> NDArray[np.float64]:
    state, found = np.zeros(step.channels), []
    for sample in x.T:
        state = state + _layers(step, np.concatenate([sample, state]))
        found.append(state)
    return np.array(found).T


def _attended(x: NDArray[np.float64], step: Step) -> NDArray[np.float64]:
    taps = _taps(x, step.kernel_size, step.dilation, 1)[::-1]  # (age, rows, samples)
    query, keys, values = taps[0, : step.channels], *np.split(taps, 3, axis=1)[1:]
    keys, values = (
        part + older.T[:, :, None] for part, older in zip((keys, values), step.weight, strict=True)
    )
    width = step.channels // step.heads
    scores = (query * keys).reshape(step.kernel_size, step.heads, width, -1).sum(2)
    shares = np.exp(scores) / np.exp(scores).sum(0)
    return (values * np.repeat(shares, width, axis=1)).sum(0)


def _selected(step: Step, x: NDArray[np.float64], by: NDArray[np.float64]) -> NDArray[np.float64]:
    seen = _taps(x, step.kernel_size, 1, 1)[::-1].reshape(step.kernel_size * len(x), -1)
    edges = [-np.inf, *step.bounds.astype(float), np.inf]
    result = np.zeros((step.channels, x.shape[1]))
    for index in range(len(edges) - 1):
        up, down = (_way(by[0], edge, step.blend) for edge in edges[index : index + 2])
        result += (up - down) * _layers(step, seen, index)
    return result


def _way(value: NDArray[np.float64], bound: float, blend: float) -> NDArray[np.float64]:
    if np.isinf(bound) or not blend:
        return (value > bound).astype(float)
    return np.clip((value - bound) / blend + 0.5, 0, 1)


def _taps(x: NDArray[np.float64], kernel_size: int, dilation: int, stride: int) -> NDArray[np.float64]:
    """`x[stride·n - (kernel_size - 1 - j)·dilation]` as `(j, channels, n)`; zero before the first."""
    past = (kernel_size - 1) * dilation
    padded = np.pad(x, ((0, 0), (past, 0)))
    return np.stack([padded[:, j * dilation :][:, : x.shape[1]][:, ::stride] for j in range(kernel_size)])
