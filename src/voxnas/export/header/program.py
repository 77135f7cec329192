"""Parts of a network that tells its program, a list of steps, for the runtime's program.h."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch

from voxnas.export.files import CannotHold
from voxnas.export.header.parts import Array, Parts, history_floats, join
from voxnas.kernels.activations import name_of, parameters_of
from voxnas.kernels.graph import Step
from voxnas.models.activations import activation


class Programmed(Protocol):
    """Network that tells its computation as a list of steps."""

    def program(self) -> Sequence[Step]: ...


def parts(network: Programmed) -> Parts:
    """C++ type and numbers of a program. Raises CannotHold for steps that no header has."""
    steps = network.program()
    channels = [1, *(step.channels for step in steps)]
    past = [0] * len(channels)
    for step in steps:
        for number in step.inputs:
            past[number] = max(past[number], (step.kernel_size - 1) * step.dilation)
    quiet = _silence(steps)
    signals = ", ".join(f"History<{count}, {back}>" for count, back in zip(channels, past, strict=True))
    types = ",\n    ".join(_type(step, channels) for step in steps)
    return Parts(
        type=f"Program<List<{signals}>, List<\n    {types}>>",
        runtime=("conv.h", "program.h"),
        weights=join(part for step in steps for part in _numbers(step)),
        silence=join(value for value, back in zip(quiet, past, strict=True) if back),
        state_floats=sum(history_floats(*each) for each in zip(channels, past, strict=True)),
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
    raise CannotHold(f"a header cannot hold a step of the kind {step.kind}")


def _numbers(step: Step) -> list[Array]:
    """In the runtime's order: `[tap][input][output]`, the current sample's tap first; then the bias."""
    given = [part.astype(float) for part in (step.weight, step.bias) if part is not None]
    if step.kind == "conv":
        given[0] = given[0][..., ::-1].transpose(2, 1, 0)
    elif step.activation is not None and not given:
        given = [np.array(list(parameters_of(step.activation).values()))]
    return given


def _silence(steps: Sequence[Step]) -> list[Array]:
    """Of each signal the value of each channel, when silence has gone on for ever."""
    values: list[Array] = [np.zeros(1)]
    for step in steps:
        x = [values[number] for number in step.inputs]
        if step.kind == "conv":
            assert step.weight is not None
            bias = np.zeros(step.channels) if step.bias is None else step.bias.astype(float)
            values.append(step.weight.astype(float).sum(axis=2) @ x[0] + bias)
        elif step.activation is not None:
            values.append(_activated(step, x[0]))
        else:
            values.append(np.sum(x, axis=0))
    return values


def _activated(step: Step, x: Array) -> Array:
    assert step.activation is not None
    if step.weight is not None:
        return np.where(x > 0, x, x * step.weight)
    found: Array = activation(step.activation, step.channels)(torch.from_numpy(x)).numpy()
    return found
