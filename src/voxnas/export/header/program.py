"""Parts of a network that tells its program, a list of steps, for the runtime's program.h."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from voxnas.export.files import CannotHold
from voxnas.export.header.parts import Array, Parts, history_floats, join
from voxnas.export.header.silence import silence_of
from voxnas.kernels.activations import name_of, parameters_of
from voxnas.kernels.graph import Step, in_arrays, without_films
from voxnas.kernels.graph_parts import part_weights
from voxnas.kernels.graph_plan import PART_KINDS
from voxnas.models.base import StreamingNetwork


class Programmed(Protocol):
    """Network that tells its computation as a list of steps."""

    def program(self) -> Sequence[Step]: ...


def parts(network: Programmed) -> Parts:
    """C++ type and numbers of a program. Raises CannotHold for steps that no header has."""
    steps = in_arrays(without_films(network.program()))
    channels = [1, *(step.channels for step in steps)]
    past = [0] * len(channels)
    for step in steps:
        number = step.inputs[0]
        past[number] = max(past[number], (step.kernel_size - 1) * step.dilation)
    at_rest: Any = network.at_rest() if isinstance(network, StreamingNetwork) else network
    values, states = silence_of(in_arrays(at_rest.program()))
    signals = ", ".join(f"History<{count}, {back}>" for count, back in zip(channels, past, strict=True))
    types = ",\n    ".join(_type(step, channels) for step in steps)
    quiet = [value for value, back in zip(values, past, strict=True) if back]
    with_parts = any(step.kind in PART_KINDS for step in steps)
    return Parts(
        type=f"Program<List<{signals}>, List<\n    {types}>>",
        runtime=(
            "conv.h",
            *(["steps.h"] if with_parts else []),
            "program.h",
            *(["parts.h"] if with_parts else []),
        ),
        weights=join(part for step in steps for part in _numbers(step)),
        silence=join([*quiet, *states]),
        state_floats=sum(history_floats(*each) for each in zip(channels, past, strict=True))
        + sum(_room(step, channels[step.inputs[0]]) for step in steps),
    )


def _type(step: Step, channels: Sequence[int]) -> str:
    if step.rate > 1:
        raise CannotHold("a header cannot hold signals of several rates")
    (first, *_), biased = step.inputs, str(step.bias is not None).lower()
    match step.kind:
        case "conv" if not step.relu:
            sizes = f"{channels[first]}, {step.channels}, {step.kernel_size}, {step.dilation}"
            return f"ConvolveStep<{first}, {sizes}, {biased}>"
        case "activation" if step.activation is not None:
            return f"ActivateStep<{first}, {step.channels}, {name_of(step.activation)}>"
        case "add":
            return f"AddStep<{', '.join(map(str, (step.channels, *step.inputs)))}>"
        case "multiply":
            return f"MultiplyStep<{step.channels}, {', '.join(map(str, step.inputs))}>"
        case "norm":
            return f"NormStep<{first}, {step.channels}>"
        case "diagonal":
            return f"DiagonalStep<{first}, {step.channels // 2}>"
        case "attention":
            sizes = f"{step.channels}, {step.heads}, {step.kernel_size}, {step.dilation}"
            return f"AttentionStep<{first}, {sizes}>"
        case "state_update" | "select":
            return _layered_type(step, channels)
    raise CannotHold(f"a header cannot hold a step of the kind {step.kind}")


def _layered_type(step: Step, channels: Sequence[int]) -> str:
    """A step with layers; `steps.h` says what they mean."""
    assert step.activation is not None
    first, inputs = step.inputs[0], channels[step.inputs[0]]
    between = name_of(step.activation)
    widths = ", ".join(str(layer.bias.shape[-1]) for layer in step.layers)
    if step.bounds is None:
        return f"StateUpdateStep<{first}, {inputs}, {between}, {widths}>"
    sizes = f"{inputs}, {step.kernel_size}, {len(step.bounds) + 1}"
    return f"SelectStep<{first}, {step.inputs[1]}, {sizes}, {between}, {widths}>"


def _room(step: Step, inputs: int) -> int:
    """Floats that a step keeps itself, about."""
    if step.bounds is None:
        return 0
    widest = max(inputs * step.kernel_size, *(layer.bias.shape[-1] for layer in step.layers))
    ranges = len(step.bounds) + 1
    return 2 * widest * (128 + 16) + 5 * 128 + 2 * 16 * ranges


def _numbers(step: Step) -> list[Array]:
    """In the runtime's order: `[tap][input][output]`, the current sample's tap first; then the bias."""
    if step.kind in PART_KINDS:
        return [part_weights(step).astype(float)]
    given = [part.astype(float) for part in (step.weight, step.bias) if part is not None]
    if step.kind == "conv":
        given[0] = given[0][..., ::-1].transpose(2, 1, 0)
    elif step.activation is not None and not given:
        given = [np.array(list(parameters_of(step.activation).values()))]
    return given
