"""What a string starts from: a recording's own samples, or lines that make it sound like one from then on."""

import torch
from torch import Tensor

from voxnas.models.strings.net import StringNet
from voxnas.problems.string.data.note import Note

FITTED_S = 0.5  # of a recording, that the start of one polarisation is fitted to …
FITTED_TWO_S = 2.0  # … and of two, which only their beating tells apart
STEPS = 40


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
    form = network.at(period)
    x = target.new_zeros(len(target), form.lines, form.history) if known is None else known.clone()
    samples = target.shape[-1]

    def run(start: Tensor) -> Tensor:
        with torch.no_grad():
            return network(start, samples, period, only_linear=True).sum(1)

    def back(error: Tensor) -> Tensor:
        start = torch.zeros_like(x).requires_grad_()
        sound = network(start, samples, period, only_linear=True).sum(1)
        (gradient,) = torch.autograd.grad(sound, start, error)
        return gradient

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
