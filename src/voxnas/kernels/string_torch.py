"""Strings in feedback in PyTorch, a sample at a time: native code is held to it, and replaced by it."""

import torch
from torch import Tensor

from voxnas.kernels.string import HOLD, StringForm

_BENDS = {
    "Tanh": torch.tanh,
    "Softsign": torch.nn.functional.softsign,
    "ReLU": torch.relu,
    "Hardtanh": torch.nn.functional.hardtanh,
}


def run_torch(
    form: StringForm,
    weights: Tensor,
    start: Tensor,
    steps: int,
    given: Tensor | None = None,
    forced: int = 0,
    onset: Tensor | None = None,
) -> Tensor:
    """As `run_native`, with gradients by autograd."""
    linear, tuning, *layers = _parts(form, weights)
    lines = [list(start[:, line].unbind(-1)) for line in range(form.lines)]
    state = start.new_zeros(start.shape[0], form.states)
    passed = start.new_zeros(start.shape[0], form.lines)
    onset = start.new_zeros(start.shape[0], 2) if onset is None else onset
    level, extras = start.new_ones(start.shape[0], 1), start.new_zeros(start.shape[0], 0)
    said = []
    for t in range(steps):
        if (form.scaled or form.extras) and t % HOLD == 0:
            level, extras = _level(form, lines, onset, t)
        now = form.history + t
        seen = torch.stack([lines[line][now - delay] for line, delay in form.taps], -1)
        if form.tuned:
            newer = torch.stack([lines[line][now - delay + 1] for line, delay in form.taps], -1)
            seen = passed = seen + tuning * (newer - passed)
        features = torch.cat([seen, state], -1)
        v = features @ linear.T
        if layers:
            unit = level if form.scaled else torch.ones_like(level)
            v = v + unit * _network(form, layers, torch.cat([features / unit, extras], -1))
        if form.passive:
            most, out = form.rho**2 * features.square().sum(-1), v.square().sum(-1) + 1e-30
            v = v * (most / out).sqrt().clamp(max=1).unsqueeze(-1)
        said.append(v[:, : form.lines])
        for line in range(form.lines):
            forces = given is not None and t < forced
            lines[line].append(given[:, line, t] if forces else v[:, line])  # type: ignore[index]
        state = v[:, form.lines :]
    return torch.stack(said, -1)


def _parts(form: StringForm, weights: Tensor) -> list[Tensor]:
    shapes = form.sizes()
    sizes = [int(torch.Size(shape).numel()) for shape in shapes]
    return [part.view(shape) for part, shape in zip(weights.split(sizes), shapes, strict=True)]


def _network(form: StringForm, layers: list[Tensor], x: Tensor) -> Tensor:
    for place in range(0, len(layers), 2):
        x = x @ layers[place].T + layers[place + 1]
        if place + 2 < len(layers):
            x = _BENDS[form.activation](x)
    return x


@torch.no_grad()
def _level(form: StringForm, lines: list[list[Tensor]], onset: Tensor, t: int) -> tuple[Tensor, Tensor]:
    """The level of the last period, and what the MLP hears of it; no gradient goes through either."""
    last = torch.stack([torch.stack(line[-form.window :], -1) for line in lines])
    level = (last.square().sum((0, -1)) / form.window + 1e-14).sqrt()
    db = 20 * level.log10()
    decayed = (onset[:, 0] - db - form.drop * (onset[:, 1] + t)) / 20
    return level.unsqueeze(-1), torch.stack([db / 60, decayed], -1)[:, : form.extras]
