"""Scheduling and memory layout of a program, a list of steps, so that it plays without copies.

- What only goes into a sum adds itself to that, right where the sum is.
- What goes into a concat is written where the concat lies; so a concat does nothing.
- A stride of 2 splits its input into even and odd samples first, once for all that read it so. Then its taps
  are ordinary ones on twice the channels.
- An upsample is a convolution that makes both samples as channels of the lower rate, and joins them.
- What does not reach the output is left out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels.activations import Spec
from voxnas.kernels.graph import Step

PART_KINDS = ("multiply", "norm", "state_update", "diagonal", "attention", "select", "film")
OpKind = Literal[
    "conv",
    "avg_pool",
    "max_pool",
    "split",
    "join",
    "activation",
    "multiply",
    "norm",
    "state_update",
    "diagonal",
    "attention",
    "select",
    "film",
]


@dataclass
class Buffer:
    """Rows of samples that lie together; `past` is how far back they are read, in samples of their rate."""

    rows: int
    rate: int
    past: int = 0


class Place(NamedTuple):
    """Location of a signal: its buffer, and the first of its rows there."""

    buffer: int
    row: int


class Tap(NamedTuple):
    """Tap of an operation: rows after the input's first, and samples back."""

    row: int
    back: int


HERE = (Tap(0, 0),)


@dataclass(frozen=True, eq=False)
class Op:
    """Loop of native code; `weight` is `(taps, inputs, outputs)`, of a PReLU `(outputs,)`.

    Adds `start`, which may be `out`; an activation has none. A part, of PART_KINDS, says what it is made of
    by its step; its `start` is its second input.
    """

    kind: OpKind
    x: Place
    inputs: int
    out: Place
    outputs: int
    start: Place | None = None
    taps: tuple[Tap, ...] = HERE
    relu: bool = False
    weight: NDArray[np.float32] | None = None
    bias: NDArray[np.float32] | None = None
    activation: Spec | None = None
    step: Step | None = None


@dataclass(frozen=True)
class Plan:
    """Schedule for graph_stream.cpp, and the locations of the network's input and output."""

    buffers: list[Buffer]
    ops: list[Op]
    input: Place
    output: Place


def plan(steps: Sequence[Step]) -> Plan:
    """Schedule of a program that `check_program` accepts."""
    return _Planner(steps).run()


class _Planner:
    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._uses = uses_of(steps)
        self._channels = [1, *(step.channels for step in steps)]
        self._rates = [1, *(step.rate for step in steps)]
        self._places: dict[int, Place] = {}
        self._splits: dict[int, Place] = {}
        self._buffers: list[Buffer] = []
        self._ops: list[Op] = []
        self._summed = self._find_summed()

    def run(self) -> Plan:
        self._place_all()
        for signal, step in enumerate(self._steps, 1):
            if signal in self._places:
                self._make(signal, step)
        return Plan(self._buffers, self._ops, self._places[0], self._places[len(self._steps)])

    def _find_summed(self) -> set[int]:
        """The signals that nothing but one sum reads: they need no place."""
        adds = [step for n, step in enumerate(self._steps, 1) if step.kind == "add" and self._uses[n]]
        inputs = (number for step in adds if len(step.inputs) > 1 for number in step.inputs)
        return {number for number in inputs if self._uses[number] == 1 and self._can_add_itself(number)}

    def _can_add_itself(self, signal: int) -> bool:
        return signal > 0 and self._steps[signal - 1].kind in ("conv", "avg_pool", "max_pool")

    def _place_all(self) -> None:
        """Assigns places from the last signal on, so that a concat within a concat finds its own there."""
        for signal in range(len(self._steps), 0, -1):
            if not self._uses[signal] or signal in self._summed:
                continue
            step = self._steps[signal - 1]
            if signal not in self._places:
                self._places[signal] = self._new_buffer(step.channels, step.rate)
            if step.kind == "concat":
                self._place_within(self._places[signal], step)
        if 0 not in self._places:
            self._places[0] = self._new_buffer(1, 1)

    def _place_within(self, place: Place, concat: Step) -> None:
        row = place.row
        for number in concat.inputs:
            self._places.setdefault(number, Place(place.buffer, row))
            row += self._channels[number]

    def _new_buffer(self, rows: int, rate: int) -> Place:
        self._buffers.append(Buffer(rows, rate))
        return Place(len(self._buffers) - 1, 0)

    def _make(self, signal: int, step: Step) -> None:
        out = self._places[signal]
        if step.kind == "add":
            self._add(step, out)
        elif step.kind == "concat":
            self._concat(step, out)
        elif step.kind == "upsample":
            self._upsample(step, out)
        elif step.kind == "activation":
            x, count = self._places[step.inputs[0]], step.channels
            self._do(Op("activation", x, count, out, count, weight=step.weight, activation=step.activation))
        elif step.kind in PART_KINDS:
            self._part(step, out)
        else:
            self._filter(step, out, None)

    def _add(self, step: Step, out: Place) -> None:
        """Sums the inputs that have a place, then those that add themselves to the sum."""
        lying = [self._places[number] for number in step.inputs if number not in self._summed]
        adding = [self._steps[number - 1] for number in step.inputs if number in self._summed]
        start = lying[0] if lying else None
        for place in lying[1:]:
            self._do(Op("avg_pool", place, step.channels, out, step.channels, start))
            start = out
        if not adding and start != out:
            assert start is not None
            self._do(Op("avg_pool", start, step.channels, out, step.channels))
        for term in adding:
            self._filter(term, out, start)
            start = out

    def _concat(self, step: Step, out: Place) -> None:
        """Copies the inputs that lie elsewhere: in another concat, or twice in this one."""
        row = out.row
        for number in step.inputs:
            place, channels = self._places[number], self._channels[number]
            if place != (out.buffer, row):
                self._do(Op("avg_pool", place, channels, Place(out.buffer, row), channels))
            row += channels

    def _filter(self, step: Step, out: Place, start: Place | None) -> None:
        """A convolution or a pool."""
        (number,) = step.inputs
        x, inputs = self._places[number], self._channels[number]
        back = [tap * step.dilation for tap in range(step.kernel_size)]
        taps = tuple(Tap(0, samples) for samples in back)
        if step.stride == 2:
            x = self._split(number)
            # the sample 2n - 3 is the odd one of n - 1
            taps = tuple(Tap(samples % 2 * inputs, samples // 2) for samples in back)
        kind: OpKind = step.kind  # type: ignore[assignment]
        weights = (None, None) if step.weight is None else (_in_order(step.weight), _bias(step))
        self._do(Op(kind, x, inputs, out, step.channels, start, taps, step.relu, *weights))

    def _part(self, step: Step, out: Place) -> None:
        x, *second = (self._places[number] for number in step.inputs)
        taps = tuple(Tap(0, tap * step.dilation) for tap in range(step.kernel_size))
        kind: OpKind = step.kind  # type: ignore[assignment]
        inputs, start = self._channels[step.inputs[0]], second[0] if second else None
        self._do(Op(kind, x, inputs, out, step.channels, start, taps, step=step))

    def _split(self, number: int) -> Place:
        if number not in self._splits:
            channels = self._channels[number]
            place = self._new_buffer(2 * channels, 2 * self._rates[number])
            taps = (Tap(0, 0), Tap(0, 1))
            self._do(Op("split", self._places[number], channels, place, 2 * channels, taps=taps))
            self._splits[number] = place
        return self._splits[number]

    def _upsample(self, step: Step, out: Place) -> None:
        (number,) = step.inputs
        assert step.weight is not None
        weight, bias = _in_order(np.concatenate(list(step.weight))), np.tile(_bias(step), 2)
        taps = tuple(Tap(0, back) for back in range(step.kernel_size))
        both = self._new_buffer(2 * step.channels, 2 * step.rate)
        x, inputs, outputs = self._places[number], self._channels[number], 2 * step.channels
        self._do(Op("conv", x, inputs, both, outputs, taps=taps, weight=weight, bias=bias))
        self._do(Op("join", both, outputs, out, step.channels, taps=(Tap(0, 0), Tap(0, 1))))

    def _do(self, op: Op) -> None:
        self._ops.append(op)
        read = self._buffers[op.x.buffer]
        read.past = max(read.past, *(tap.back for tap in op.taps), 0)


def _in_order(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """`(outputs, inputs, taps)` to `(taps, inputs, outputs)`, the latest tap first."""
    return weight.transpose(2, 1, 0)[::-1]


def _bias(step: Step) -> NDArray[np.float32]:
    return np.zeros(step.channels, np.float32) if step.bias is None else step.bias


def uses_of(steps: Sequence[Step]) -> Counter[int]:
    """Number of times that each signal is read on the way to the output, which counts as read once."""
    uses = Counter({len(steps): 1})
    for signal in range(len(steps), 0, -1):
        if uses[signal]:
            uses.update(steps[signal - 1].inputs)
    return uses
