"""Streaming of programs, networks given as lists of steps, in native code."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels.activations import PLAYED, as_integers
from voxnas.kernels.build import Unavailable
from voxnas.kernels.form import NativeForm
from voxnas.kernels.graph import Step, in_arrays
from voxnas.kernels.graph_check import check_program
from voxnas.kernels.graph_parts import part_numbers, part_weights
from voxnas.kernels.graph_plan import PART_KINDS, Op, Place, Plan, plan
from voxnas.kernels.stream import MOST_PAST

# in the order of the enum OpKind
KINDS = ("conv", "avg_pool", "max_pool", "split", "join", "activation", *PART_KINDS)
MOST_RATE = 64  # of the 128 samples that graph_stream.cpp works on at a time


def graph_form(steps: Sequence[Step]) -> NativeForm:
    """Native form of a program; as a stream it begins in the state that silence leaves behind, with phase 0.

    Raises:
        InputError: the program is malformed.
        Unavailable: the program has no native form.
    """
    steps = in_arrays(steps)
    return NativeForm("graph", (np.array(shape_list(steps), np.int64), weight_list(steps)))


def shape_list(steps: Sequence[Step]) -> list[int]:
    """The list of integers that graph_stream.cpp reads; raises as `graph_form` does."""
    check_program(steps)
    rate = max(step.rate for step in steps)
    if rate > MOST_RATE:
        raise Unavailable(f"a rate of {rate} is over the native {MOST_RATE}")
    past = _past_samples(steps)
    if past > MOST_PAST:
        raise Unavailable(f"a receptive field of {past + 1} samples is over the native {MOST_PAST}")
    return [_level(rate), *_shape(plan(steps))]


def weight_list(steps: Sequence[Step]) -> NDArray[np.float32]:
    """Weights in the order of graph_stream.cpp."""
    given = [weights for op in plan(steps).ops for weights in _weights(op)]
    return np.concatenate([*given, np.zeros(0)]).astype(np.float32)


def _weights(op: Op) -> list[NDArray[np.float32]]:
    if op.step is not None:
        return [part_weights(op.step)]
    return [part.ravel() for part in (op.weight, op.bias) if part is not None]


def _past_samples(steps: Sequence[Step]) -> int:
    """Samples of the input that the signal with the longest memory looks back."""
    past, rates = [0], [1, *(step.rate for step in steps)]
    for step in steps:
        own = (step.kernel_size - 1) * step.dilation * rates[step.inputs[0]]
        past.append(max(past[number] for number in step.inputs) + own)
    return max(past)


def _shape(found: Plan) -> list[int]:
    """The integers that graph_stream.cpp reads, but for the first."""
    shape = [*found.output, *found.input, len(found.buffers)]
    for buffer in found.buffers:
        shape += [buffer.rows, _level(buffer.rate), buffer.past]
    shape.append(len(found.ops))
    for op in found.ops:
        shape += _op_shape(op, _level(found.buffers[op.out.buffer].rate))
    return shape


def _op_shape(op: Op, level: int) -> list[int]:
    shape = [KINDS.index(op.kind), level, *op.x, op.inputs, *op.out, op.outputs]
    shape += [*(op.start or Place(-1, 0)), int(op.relu), len(op.taps)]
    shape += [number for tap in op.taps for number in tap]
    if op.step is not None:
        numbers = part_numbers(op.step)
        return [*shape, len(part_weights(op.step)), len(numbers), *numbers]
    return shape if op.activation is None else shape + as_integers(op.activation, PLAYED)


def _level(rate: int) -> int:
    """Binary logarithm of a rate: rates are powers of two."""
    return int(rate).bit_length() - 1
