"""Strings in feedback in native code: free runs, teacher forcing, gradients through the feedback.

See string_cell.h for the mathematics, and string_torch.py for the same in PyTorch.
"""

import ctypes
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from voxnas.kernels.build import load
from voxnas.kernels.failures import check

ACTIVATIONS = ("Tanh", "Softsign", "ReLU", "Hardtanh")  # in the order of the enum Bend
HOLD = 16  # samples for which the energy is taken as constant
MOST = 32  # lines and states


@dataclass(frozen=True)
class StringForm:
    """Form of a resonator: everything about it but its weights.

    Attributes:
        taps: line and delay in samples of each sample that the cell sees.
        lines, states: delay lines, and further states of the cell.
        hidden: units of the MLP's layers, at most two; none for a linear cell.
        activation: of `ACTIVATIONS`.
        extras: 1: the MLP knows the level, 2: and the accumulated decay.
        passive: whether the cell's output is never longer than `rho` times its input.
        tuned: whether each line ends in an all-pass; then it has one tap, and taps are in the lines' order.
        scaled: whether the MLP works on samples over their level, so that loud and soft is one.
        rho: see `passive`.
        window: samples over which the level is taken.
        drop: the note's mean fall in dB per sample, which the accumulated decay is relative to.
    """

    taps: tuple[tuple[int, int], ...]
    lines: int = 1
    states: int = 0
    hidden: tuple[int, ...] = ()
    activation: str = "Tanh"
    extras: int = 0
    passive: bool = False
    tuned: bool = False
    scaled: bool = False
    rho: float = 1.0
    window: int = 1
    drop: float = 0.0

    @property
    def history(self) -> int:
        """Samples of the past that a run starts from."""
        return max(max(delay for _, delay in self.taps), self.window)

    @property
    def features(self) -> int:
        return len(self.taps) + self.states

    @property
    def outputs(self) -> int:
        return self.lines + self.states

    def sizes(self) -> list[tuple[int, ...]]:
        """Shapes of the weights in their order: A, the all-passes, and of each layer weights and bias."""
        found: list[tuple[int, ...]] = [(self.outputs, self.features), (self.lines,)]
        width = self.features + self.extras
        for units in self.hidden:
            found += [(units, width), (units,)]
            width = units
        return found + ([(self.outputs, width), (self.outputs,)] if self.hidden else [])


class _Shape(ctypes.Structure):
    """Mirror of the struct StringShape."""

    _fields_ = tuple(
        (name, ctypes.c_int64)
        for name in (
            *("lines", "states", "taps", "extras", "hidden1", "hidden2"),
            *("activation", "passive", "tuned", "scaled"),
        )
    )


class _Call(ctypes.Structure):
    """Mirror of the struct StringCall."""

    _fields_ = (
        *((n, ctypes.c_int64) for n in ("batch", "history", "steps", "forced", "threads", "window")),
        *((n, ctypes.c_void_p) for n in ("tap_line", "tap_delay")),
        *((n, ctypes.c_double) for n in ("rho", "drop")),
        *((n, ctypes.c_void_p) for n in ("weights", "start", "states", "given", "onset", "output")),
        *((n, ctypes.c_void_p) for n in ("doutput", "dstart", "dstates", "dweights")),
    )


def run_native(
    form: StringForm,
    weights: Tensor,
    start: Tensor,
    steps: int,
    given: Tensor | None = None,
    forced: int = 0,
    onset: Tensor | None = None,
) -> Tensor:
    """What the cell says the lines' next samples are, `(batch, lines, steps)`; float32 or float64.

    Args:
        weights: flat, in the order of `form.sizes()`.
        start: the lines' past, `(batch, lines, form.history)`, the newest last.
        given: what the lines get in the first `forced` samples whatever the cell says, `(batch, lines,
            steps)`.
        onset: for the accumulated decay, `(batch, 2)`: level in dB at the onset, and samples since then.

    Raises:
        Unavailable: no library can be built here.
    """
    if start.shape[1:] != (form.lines, form.history):
        raise ValueError(f"a start is (batch, {form.lines}, {form.history}), not {tuple(start.shape)}")
    if forced and (given is None or given.shape != (start.shape[0], form.lines, steps)):
        raise ValueError(f"{forced} samples are forced, but none are given for {steps} steps")
    if form.outputs > MOST:
        raise ValueError(f"a string has at most {MOST} lines and states")
    if onset is None:
        onset = start.new_zeros(start.shape[0], 2)
    load("string_train.cpp")
    y: Tensor = _Run.apply(weights, start, form, steps, given, forced, onset)
    return y


class _Run(torch.autograd.Function):
    """Autograd of the native passes; the backward pass runs the string again instead of keeping its past."""

    @staticmethod
    def forward(
        ctx: Any,
        weights: Tensor,
        start: Tensor,
        form: StringForm,
        steps: int,
        given: Tensor | None,
        forced: int,
        onset: Tensor,
    ) -> Tensor:
        kept = [t.detach().contiguous() for t in (weights, start, onset)]
        kept.append((start.new_empty(0) if given is None else given).detach().to(start).contiguous())
        y = start.new_empty(start.shape[0], form.lines, steps)
        _call("forward", form, steps, forced, kept, output=y)
        ctx.save_for_backward(*kept)
        ctx.settings = (form, steps, forced)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        form, steps, forced = ctx.settings
        kept = list(ctx.saved_tensors)
        dweights = torch.zeros_like(kept[0]) if ctx.needs_input_grad[0] else None
        dstart = torch.zeros_like(kept[1])
        results = {"output": torch.empty_like(dy), "doutput": dy.contiguous(), "dstart": dstart}
        results |= {} if dweights is None else {"dweights": dweights}
        _call("backward", form, steps, forced, kept, **results)
        return dweights, dstart, None, None, None, None, None


def _call(
    name: str, form: StringForm, steps: int, forced: int, kept: list[Tensor], **results: Tensor
) -> None:
    weights, start, onset, given = kept
    if any(t.dtype != start.dtype for t in (weights, onset)) or start.dtype not in _SUFFIX:
        raise ValueError(f"weights and start are both float32 or float64, not {weights.dtype}, {start.dtype}")
    hidden = (*form.hidden, 0, 0)
    shape = _Shape(
        *(form.lines, form.states, len(form.taps), form.extras, hidden[0], hidden[1]),
        *(ACTIVATIONS.index(form.activation), form.passive, form.tuned, form.scaled),
    )
    lines, delays = (torch.tensor(column, dtype=torch.int64) for column in zip(*form.taps, strict=True))
    tensors = {"weights": weights, "start": start, "onset": onset, **results}
    if given.numel():
        tensors["given"] = given
    call = _Call(
        *(start.shape[0], start.shape[2], steps, forced, torch.get_num_threads(), form.window),
        *(lines.data_ptr(), delays.data_ptr(), form.rho, form.drop),
        **{key: tensor.data_ptr() for key, tensor in tensors.items()},
    )
    library = load("string_train.cpp")
    function = getattr(library, f"voxnas_string_{name}{_SUFFIX[start.dtype]}")
    check(library, function(ctypes.byref(shape), ctypes.byref(call)))


_SUFFIX = {torch.float32: "", torch.float64: "64"}
