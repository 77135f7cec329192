"""What a string starts from: a recording's own samples, or lines that make it sound like one from then on."""

from collections.abc import Callable

import torch
from torch import Tensor

from voxnas.models.strings.net import StringNet
from voxnas.problems.string.data.note import Note

FITTED_S = 0.5  # of a recording, that the start of one polarisation is fitted to …
FITTED_TWO_S = 2.0  # … and of two, which only their beating tells apart
STEPS = 60


def recorded_start(network: StringNet, note: Note, at: int = 0, periods: float = 2.0) -> Tensor:
    """Lines `(1, 1, samples)` as recorded; states come from being led through them, see `free_run`."""
    size = network.at(note.period).history + round(periods * note.period)
    return torch.from_numpy(note.samples[at : at + size]).view(1, 1, -1)


def find_start(
    network: StringNet, target: Tensor, period: float, steps: int = STEPS, known: Tensor | None = None
) -> Tensor:
    """Lines `(batch, lines, history)` from which the linear string comes nearest `(batch, samples)`.

    Least squares by conjugate gradients, whose two products are a run of the string and its gradient: what a
    string's exciter has to be, whatever noise lies over the recording. `known`: where to begin.
    """
    with torch.inference_mode(False):  # validation runs in it, and here a gradient is wanted
        return _least_squares(
            network, target.clone(), period, steps, None if known is None else known.clone()
        )


def _least_squares(
    network: StringNet, target: Tensor, period: float, steps: int, known: Tensor | None
) -> Tensor:
    form = network.at(period)
    x = target.new_zeros(len(target), form.lines, form.history)
    if known is not None and known.shape == x.shape:  # whole delays may have moved
        x = known
    samples = target.shape[-1]

    def run(start: Tensor) -> Tensor:
        sound: Tensor = network(start, samples, period, only_linear=True).sum(1)
        return sound

    def back(error: Tensor) -> Tensor:
        start = torch.zeros_like(x).requires_grad_()
        with torch.enable_grad():
            sound = network(start, samples, period, only_linear=True).sum(1)
        (gradient,) = torch.autograd.grad(sound, start, error)
        return gradient

    with torch.no_grad():
        return _descend(x, target, run, back, steps)


def _descend(
    x: Tensor, target: Tensor, run: Callable[[Tensor], Tensor], back: Callable[[Tensor], Tensor], steps: int
) -> Tensor:
    """Conjugate gradients on the normal equations, of each item of a batch by itself."""
    left = target - run(x)
    descent = gradient = back(left)
    size = _square(gradient)
    for _ in range(steps):
        ahead = run(descent)
        step = size / _square(ahead).clamp(min=1e-30)
        x, left = x + _wide(step) * descent, left - step.unsqueeze(-1) * ahead
        gradient = back(left)
        before, size = size, _square(gradient)
        descent = gradient + _wide(size / before.clamp(min=1e-30)) * descent
    return x


def _square(x: Tensor) -> Tensor:
    return x.flatten(1).square().sum(1)


def _wide(x: Tensor) -> Tensor:
    return x.view(-1, 1, 1)
