"""The WaveNet of plug-in files once more, in NumPy and double precision, written after the format alone."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]  # (channels, samples)


def sigmoid(x: Signal) -> Signal:
    return 1 / (1 + np.exp(-x))


def fast_tanh(x: Signal) -> Signal:
    a, s = np.abs(x), x**2
    above = x * (2.45550750702956 + 2.45550750702956 * a + (0.893229853513558 + 0.821226666969744 * a) * s)
    return above / (2.44506634652299 + (2.44506634652299 + s) * np.abs(x + 0.814642734961073 * x * a))


def leaky_hardtanh(x: Signal, min_val=-1.0, max_val=1.0, min_slope=0.01, max_slope=0.01) -> Signal:
    below, above = min_slope * (x - min_val) + min_val, max_slope * (x - max_val) + max_val
    return np.where(x < min_val, below, np.where(x > max_val, above, x))


def leaky_relu(x: Signal, negative_slope=0.01) -> Signal:
    return np.where(x > 0, x, negative_slope * x)


def prelu(x: Signal, negative_slope=0.01, negative_slopes=None) -> Signal:
    slopes = negative_slope if negative_slopes is None else np.reshape(negative_slopes, (-1, 1))
    return np.where(x > 0, x, slopes * x)


ACTIVATIONS: dict[str, Callable[..., Signal]] = {
    "Tanh": np.tanh,
    "Hardtanh": lambda x: np.clip(x, -1, 1),
    "Fasttanh": fast_tanh,
    "ReLU": lambda x: np.maximum(x, 0),
    "LeakyReLU": leaky_relu,
    "PReLU": prelu,
    "Sigmoid": sigmoid,
    "SiLU": lambda x: x * sigmoid(x),
    "Hardswish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "LeakyHardtanh": leaky_hardtanh,
    "Softsign": lambda x: x / (1 + np.abs(x)),
}


def activate(x: Signal, config: str | dict[str, Any]) -> Signal:
    config = {"type": config} if isinstance(config, str) else config
    parameters = {key: value for key, value in config.items() if key != "type"}
    return ACTIVATIONS[config["type"]](x, **parameters)


Map = Callable[[Signal], Signal]


class Weights:
    def __init__(self, flat: list[float]) -> None:
        self.rest = np.array(flat, np.float32).astype(np.float64)

    def take(self, *shape: int) -> Signal:
        taken, self.rest = np.split(self.rest, [int(np.prod(shape))])
        assert taken.size == np.prod(shape)
        return taken.reshape(shape)

    def convolution(
        self, inputs: int, out: int, kernel: int = 1, dilation: int = 1, bias: bool = True, groups: int = 1
    ) -> Map:
        """Takes its weights; before a signal is silence's first sample, as many times as need be."""
        weight = self.take(out, inputs // groups, kernel)
        offset = self.take(out, 1) if bias else 0

        def convolve(x: Signal) -> Signal:
            padded = np.pad(x, ((0, 0), ((kernel - 1) * dilation, 0)), mode="edge")
            taps = [padded[:, k * dilation : k * dilation + x.shape[1]] for k in range(kernel)]
            parts = zip(np.split(weight, groups), np.split(np.array(taps), groups, axis=1), strict=True)
            return np.concatenate([np.einsum("oik,kit->ot", w, t) for w, t in parts]) + offset

        return convolve


def per_layer(value: Any, count: int) -> Iterator[Any]:
    return iter(value if isinstance(value, list) else [value] * count)


def play(content: dict[str, Any], x: Signal, silence: int) -> Signal:
    """What a file makes of `(samples,)` after so much silence; all its weights must be used."""
    return run(content, np.concatenate([np.zeros(silence), x])[None])[0, silence:]


def run(content: dict[str, Any], x: Signal, condition: Signal | None = None) -> Signal:
    """What a file makes of a signal, in as many channels as it has; its own condition unless one is given."""
    config, weights, path = content["config"], Weights(content["weights"]), x
    if condition is None:
        inner = config.get("condition_dsp")
        condition = x if inner is None else run(inner, x)
    head: Signal | float = 0.0
    for array in config["layers"]:
        path, head = play_array(array, weights, path, condition, head)
    behind = config.get("head")
    steps = post_head(behind, weights, len(head)) if behind else []
    head = weights.take(1) * head
    assert weights.rest.size == 0
    for convolve in steps:
        head = convolve(activate(head, behind["activation"]))
    return head


def post_head(config: dict[str, Any], weights: Weights, inputs: int) -> list[Map]:
    kernels = config["kernel_sizes"]
    widths = [inputs, *[config["channels"]] * (len(kernels) - 1), config["out_channels"]]
    return [weights.convolution(a, b, k) for a, b, k in zip(widths, widths[1:], kernels, strict=False)]


def film(config: Any, weights: Weights, condition: Signal, channels: int) -> Map:
    """Takes its weights if it is there; elsewhere a signal stays as it is."""
    if not config or not config.get("active", True):
        return lambda x: x
    shift = config.get("shift", True)
    rows = 2 * channels if shift else channels
    made = weights.convolution(len(condition), rows, groups=config.get("groups", 1))(condition)
    return lambda x: x * made[:channels] + (made[channels:] if shift else 0)


def play_array(
    array: dict[str, Any], weights: Weights, path: Signal, condition: Signal, head: Signal | float
) -> tuple[Signal, Signal]:
    count, channels = len(array["dilations"]), array["channels"]
    kernels = per_layer(array.get("kernel_sizes", array.get("kernel_size")), count)
    modes = per_layer(array.get("gating_mode", "gated" if array.get("gated") else "none"), count)
    signals, gates = (
        per_layer(array.get(k, "Sigmoid"), count) for k in ("activation", "secondary_activation")
    )
    path = weights.convolution(len(path), channels, bias=False)(path)
    for each in zip(kernels, array["dilations"], modes, signals, gates, strict=True):
        path, z = play_layer(array, weights, path, condition, *each)
        head = head + z
    last = array.get("head") or {
        "out_channels": array["head_size"],
        "kernel_size": 1,
        "bias": array["head_bias"],
    }
    taps = (last["kernel_size"], last.get("head_dilation", 1))
    return path, weights.convolution(len(head), last["out_channels"], *taps, bias=last["bias"])(head)


def play_layer(
    array: dict[str, Any],
    weights: Weights,
    path: Signal,
    condition: Signal,
    kernel: int,
    dilation: int,
    mode: str,
    signal: Any,
    gate: Any,
) -> tuple[Signal, Signal]:
    channels = array["channels"]
    bottleneck, groups = array.get("bottleneck", channels), array.get("groups_input", 1)
    inner = bottleneck * (1 if mode == "none" else 2)
    conv = weights.convolution(channels, inner, kernel, dilation, groups=groups)
    mixin_groups = array.get("groups_input_mixin", 1)
    mixin = weights.convolution(len(condition), inner, bias=False, groups=mixin_groups)
    layer1x1 = array.get("layer1x1", {"active": True, "groups": 1})
    head1x1 = array.get("head1x1") or {"active": False}
    residual = to_head = None
    if layer1x1["active"]:
        residual = weights.convolution(bottleneck, channels, groups=layer1x1["groups"])
    if head1x1["active"]:
        to_head = weights.convolution(bottleneck, head1x1["out_channels"], groups=head1x1["groups"])
    widths = {"conv_pre": channels, "conv_post": inner, "input_mixin_pre": len(condition)}
    widths |= {"input_mixin_post": inner, "activation_pre": inner, "activation_post": bottleneck}
    widths |= {"layer1x1_post": channels, "head1x1_post": head1x1.get("out_channels", 1)}
    films = {at: film(array.get(f"{at}_film"), weights, condition, n) for at, n in widths.items()}
    mixed = films["input_mixin_post"](mixin(films["input_mixin_pre"](condition)))
    z = films["activation_pre"](films["conv_post"](conv(films["conv_pre"](path))) + mixed)
    a = activate(z[:bottleneck], signal)
    if mode != "none":
        alpha = activate(z[bottleneck:], gate)
        a = alpha * a + (0 if mode == "gated" else (1 - alpha) * z[:bottleneck])
    a = films["activation_post"](a)
    if residual is not None:
        path = path + films["layer1x1_post"](residual(a))
    return path, a if to_head is None else films["head1x1_post"](to_head(a))
