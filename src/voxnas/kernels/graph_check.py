"""Validation of a program, a list of steps, before anything is made of it."""

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np

from voxnas.kernels.activations import DEFAULTS, PLAYED, name_of
from voxnas.kernels.graph import Kind, Layer, Step
from voxnas.utils.errors import InputError

KINDS = get_args(Kind)
WITH_WEIGHTS = ("conv", "upsample")
WITH_SAMPLES = (
    "conv",
    "avg_pool",
    "max_pool",
    "upsample",
    "attention",
    "select",
)  # several of a signal's samples
OF_ONE = (
    "conv",
    "avg_pool",
    "max_pool",
    "upsample",
    "activation",
    "film",
    "norm",
    "state_update",
    "diagonal",
    "attention",
)
OF_TWO = ("multiply", "select")
RECURRENT = ("state_update", "diagonal")
WITH_LAYERS = ("state_update", "select")
MOST_WINDOW, MOST_RANGES = 1024, 256
WITH_STRIDE = ("conv", "avg_pool", "max_pool")


def check_program(steps: Sequence[Step]) -> None:
    """Raises InputError for the first step that cannot be, or if the last is no mono signal of rate 1."""
    signals = [(1, 1)]  # channels and rate
    for index, step in enumerate(steps):
        try:
            _check(step, signals)
        except InputError as error:
            raise InputError(f"program: step {index}, {str(step.kind)[:40]!r}: {error}") from error
        signals.append((step.channels, step.rate))
    _require(len(steps) > 0, "program: there is no step")
    recurrent = any(step.kind in RECURRENT for step in steps)
    _require(
        not recurrent or all(rate == 1 for _, rate in signals),
        "program: where there is a recurrence, all signals are of rate 1",
    )
    followed = {step.weight.shape[2] for step in steps if step.kind == "film"}
    _require(len(followed) < 2, f"program: films follow as many controls each, not {sorted(followed)}")
    channels, rate = signals[-1]
    _require(
        channels == rate == 1, f"program: it ends with {channels} channels at rate {rate}, not 1 at rate 1"
    )


def _check(step: Step, signals: Sequence[tuple[int, int]]) -> None:
    _require(step.kind in KINDS, f"the kind is unknown; known are {', '.join(KINDS)}")
    for name in ("channels", "rate", "kernel_size", "dilation", "stride"):
        value = getattr(step, name)
        _require(_is_size(value), f"{name} is a whole number from 1, not {str(value)[:40]}")
    _check_inputs(step, len(signals))
    inputs = [signals[number] for number in step.inputs]
    channels, rate = inputs[0]
    if step.kind in ("add", "concat", *OF_TWO):
        found = ", ".join(f"{c} at rate {r}" for c, r in inputs)
        _require(len({r for _, r in inputs}) == 1, f"the inputs are of one rate, not {found}")
        if step.kind in ("add", "multiply"):
            _require(len({c for c, _ in inputs}) == 1, f"the inputs have as many channels, not {found}")
        elif step.kind == "concat":
            channels = sum(c for c, _ in inputs)
    _check_options(step)
    if step.kind == "upsample":
        _require(rate > 1, "a signal of rate 1 has no higher rate above it")
        rate //= 2
    rate *= step.stride
    _require(step.rate == rate, f"the result's rate is {rate}, not {step.rate}")
    if step.kind in WITH_WEIGHTS:
        _check_weights(step, channels)
    elif step.kind in WITH_LAYERS:
        _check_layers(step, inputs)
    elif step.kind == "attention":
        _check_attention(step, channels)
    else:
        _require(step.channels == channels, f"the result has {channels} channels, not {step.channels}")
    if step.kind == "activation":
        _check_activation(step)
    if step.kind == "film":
        _check_array("weight", step.weight, (2, channels, *np.shape(step.weight)[2:3]))
        _require(step.bias is None, "it has no bias")
    if step.kind == "norm":
        _check_array("weight", step.weight, (channels,))
        _check_array("bias", step.bias, (channels,))
    if step.kind == "diagonal":
        _check_modes(step, channels)


def _check_inputs(step: Step, made: int) -> None:
    _require(len(step.inputs) > 0, "it has no input")
    if step.kind in OF_ONE:
        _require(len(step.inputs) == 1, f"it has one input, not {len(step.inputs)}")
    if step.kind in OF_TWO:
        _require(len(step.inputs) == 2, f"it has two inputs, not {len(step.inputs)}")
    for number in step.inputs:
        whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
        _require(whole and 0 <= number < made, f"signal {str(number)[:40]} is not made before it")


def _check_options(step: Step) -> None:
    """Raises InputError on stride, dilation, kernel, ReLU or weights where the kind has no use for them."""
    if step.kind in WITH_STRIDE:
        _require(step.stride in (1, 2), f"the stride is 1 or 2, not {step.stride}")
    elif step.kind == "attention":
        _require(step.stride == 1, "it has no stride")
    else:
        _require(step.stride == step.dilation == 1, "it has neither stride nor dilation")
    _require(step.kind in WITH_SAMPLES or step.kernel_size == 1, "it has no kernel")
    _require(step.kind == "conv" or not step.relu, "a ReLU follows a convolution only")
    _require(
        (step.kind in ("activation", *WITH_LAYERS)) == (step.activation is not None),
        "an activation, and no other, has one",
    )
    if step.kind not in (*WITH_WEIGHTS, "activation", "film", "norm", "attention"):
        _require(step.weight is None and step.bias is None, "it has no weights")
    _require(
        (step.kind in WITH_LAYERS) == bool(step.layers),
        "a state_update and a select, and no other, have layers",
    )
    _require((step.kind == "diagonal") == (step.modes is not None), "a diagonal, and no other, has modes")
    _require((step.kind == "select") == (step.bounds is not None), "a select, and no other, has bounds")


def _check_weights(step: Step, inputs: int) -> None:
    shape: tuple[int, ...] = (step.channels, inputs, step.kernel_size)
    _check_array("weight", step.weight, shape if step.kind == "conv" else (2, *shape))
    if step.bias is not None:
        _check_array("bias", step.bias, (step.channels,))


def _check_activation(step: Step) -> None:
    assert step.activation is not None
    name = name_of(step.activation)
    _require(name in PLAYED, f"the activation {name[:40]} is unknown; known are {', '.join(PLAYED)}")
    _require(step.bias is None, "an activation has no bias")
    if name == "PReLU":
        _check_array("weight", step.weight, (step.channels,))
    else:
        _require(step.weight is None, "of the activations PReLU alone has weights")


def _check_layers(step: Step, inputs: Sequence[tuple[int, int]]) -> None:
    assert step.activation is not None
    name = name_of(step.activation)
    _require(
        name in PLAYED and name not in DEFAULTS and name != "PReLU",
        f"between layers is an activation without constants, not {name[:40]}",
    )
    ranges: tuple[int, ...] = ()
    width = inputs[0][0] * step.kernel_size
    if step.kind == "select":
        ranges = (_check_bounds(step, inputs),)
    else:
        width += step.channels
    for layer in step.layers:
        _require(isinstance(layer, Layer), f"a layer is a Layer, not {type(layer).__name__}")
        outputs = len(layer.bias.T) if isinstance(layer.bias, np.ndarray) and layer.bias.ndim else 0
        _check_array("a layer's weight", layer.weight, (*ranges, outputs, width))
        _check_array("a layer's bias", layer.bias, (*ranges, outputs))
        width = outputs
    _require(width == step.channels, f"the result has {width} channels, not {step.channels}")


def _check_bounds(step: Step, inputs: Sequence[tuple[int, int]]) -> int:
    """Number of ranges."""
    _require(inputs[1][0] == 1, f"the second input has one channel, not {inputs[1][0]}")
    bounds = step.bounds
    assert bounds is not None
    _check_array("bounds", bounds, (np.size(bounds),))
    _require(np.size(bounds) < MOST_RANGES, f"there are {MOST_RANGES} ranges at most")
    gaps = np.diff(bounds)
    _require(bool(np.isfinite(bounds).all() and (gaps > 0).all()), "the bounds are numbers that ascend")
    _require(0 <= step.blend <= 1.000001 * min([*gaps, np.inf]), "the blend is from 0 to the narrowest range")
    return len(bounds) + 1


def _check_attention(step: Step, channels: int) -> None:
    _require(channels == 3 * step.channels, f"the input has {3 * step.channels} channels, not {channels}")
    _require(_is_size(step.heads) and step.channels % step.heads == 0, "the heads share the channels evenly")
    _require(step.kernel_size <= MOST_WINDOW, f"the window is {MOST_WINDOW} samples at most")
    _check_array("weight", step.weight, (2, step.channels, step.kernel_size))
    _require(step.bias is None, "it has no bias")


def _check_modes(step: Step, channels: int) -> None:
    modes = step.modes
    right = isinstance(modes, np.ndarray) and modes.dtype == np.complex128 and modes.shape == (channels / 2,)
    _require(right, f"modes are complex128, one for two of the {channels} channels")
    _require(bool((np.abs(modes) < 1).all()), "a mode lies within the unit circle")


def _check_array(name: str, given: Any, shape: tuple[int, ...]) -> None:
    right = isinstance(given, np.ndarray) and given.dtype == np.float32
    found = f"{given.dtype} {given.shape}" if isinstance(given, np.ndarray) else type(given).__name__
    _require(right and given.shape == shape, f"{name} is float32 {shape}, not {found}")


def _is_size(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= 1


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise InputError(rule)
