"""CPU cost of each step of a program in native code on this machine: the table that a search adds up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from voxnas.engine.benchmark import side_by_side
from voxnas.engine.native_engine import NativeEngine
from voxnas.kernels.graph import Kind, Step

SAMPLE_RATE = 48_000  # of the signal that is played; no cost depends on it
WORK = 200_000  # multiply-adds per block, about: so many copies of a step are timed together
MOST_COPIES, LEAST_COPIES = 96, 8


@dataclass(frozen=True)
class Form:
    """A step without its weights and its place in a program.

    Attributes:
        kind: of Step; an "add" stands for one pass over a signal that adds it to another.
        inputs: channels of its input.
        channels, rate: of its result.
    """

    kind: Kind
    inputs: int
    channels: int
    rate: int = 1
    kernel_size: int = 1
    dilation: int = 1
    stride: int = 1
    relu: bool = False

    @property
    def input_rate(self) -> int:
        return 2 * self.rate if self.kind == "upsample" else self.rate // self.stride

    @property
    def macs(self) -> float:
        """Multiply-adds, or what takes their place, per sample of the program's input."""
        outputs = self.channels * (self.inputs if self.kind in ("conv", "upsample") else 1)
        return outputs * self.kernel_size / self.rate


def forms(steps: Sequence[Step]) -> list[Form]:
    """Each step's."""
    channels = [1, *(step.channels for step in steps)]
    shared = ("kind", "channels", "rate", "kernel_size", "dilation", "stride", "relu")
    return [
        Form(
            inputs=sum(channels[number] for number in step.inputs[: None if step.kind == "concat" else 1]),
            **{name: getattr(step, name) for name in shared},
        )
        for step in steps
    ]


def time_program(steps: Sequence[Step], block_size: int = 64) -> float:
    """Microseconds per block; see `time_programs`."""
    return time_programs([steps], block_size)[0]


def time_programs(
    programs: Sequence[Sequence[Step]], block_size: int = 64, *, blocks: int = 100, min_seconds: float = 0.06
) -> list[float]:
    """Microseconds per block of each, the call from Python (about one) included.

    Medians of rounds in which all take turns, see `side_by_side`; each plays `blocks` blocks and
    `min_seconds` at least. Raises as `graph_form` does.
    """
    engines = [NativeEngine.of_program(steps) for steps in programs]
    rates = [SAMPLE_RATE] * len(engines)
    timings = side_by_side(engines, rates, [block_size], blocks, min_seconds=min_seconds)
    return [1000 * timing.median_ms for (timing,) in timings]


def step_costs(given: Sequence[Form], block_size: int = 64, *, min_seconds: float = 0.06) -> list[float]:
    """Microseconds per block that one more step of each form adds to a program.

    What a program with twice as many copies takes more than one with so many, per copy. Two things are not
    in it: a concat, which is free where its inputs are in no other; and the splitting of what is read with a
    stride of 2, which is done once for all that read it. Raises as `graph_form` does.
    """
    counts = [_copies(form, block_size) for form in given]
    programs = [
        _repeated(form, times * count) for form, count in zip(given, counts, strict=True) for times in (1, 2)
    ]
    times_us = np.array(time_programs(programs, block_size, min_seconds=min_seconds)).reshape(-1, 2)
    return [float((more - few) / count) for (few, more), count in zip(times_us, counts, strict=True)]


def _copies(form: Form, block_size: int) -> int:
    return int(np.clip(WORK / (form.macs * block_size), LEAST_COPIES, MOST_COPIES))


def _repeated(form: Form, count: int) -> list[Step]:
    """Steps of one form, which read by turns one of two signals and are added up."""
    rng = np.random.default_rng(0)
    steps: list[Step] = []

    def add(step: Step) -> int:
        steps.append(step)
        return len(steps)

    at, rate = 0, 1
    while rate < form.input_rate:
        rate *= 2
        at = add(Step("avg_pool", (at,), 1, rate, stride=2))
    sources = [add(_with_weights(Form("conv", 1, form.inputs, rate), (at,), rng)) for _ in range(2)]
    read = [sources[i % 2] for i in range(count)]
    if form.kind != "add":
        read = [add(_with_weights(form, (number,), rng)) for number in read]
    at = add(Step("add", tuple(read), form.channels, form.rate))
    return [*steps, *_to_mono(form, at, rng)]


def _to_mono(form: Form, at: int, rng: np.random.Generator) -> list[Step]:
    steps = [_with_weights(Form("conv", form.channels, 1, form.rate), (at,), rng)]
    while steps[-1].rate > 1:
        rate = steps[-1].rate // 2
        steps.append(_with_weights(Form("upsample", 1, 1, rate), (at + len(steps),), rng))
    return steps


def _with_weights(form: Form, inputs: tuple[int, ...], rng: np.random.Generator) -> Step:
    step = Step(
        form.kind,
        inputs,
        form.channels,
        form.rate,
        form.kernel_size,
        form.dilation,
        form.stride,
        form.relu,
    )
    if form.kind not in ("conv", "upsample"):
        return step
    shape = (form.channels, form.inputs, form.kernel_size)
    weight = rng.standard_normal(shape if form.kind == "conv" else (2, *shape)) / form.inputs
    return replace(step, weight=weight.astype(np.float32), bias=np.zeros(form.channels, np.float32))
