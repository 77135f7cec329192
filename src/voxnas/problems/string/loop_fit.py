"""A string's loop fitted to the modes of a note, before it ever runs in feedback.

A line rings where the gain of its loop is 1: at a pole z = exp(-a + jw) of a mode. So frequency and decay of
every partial are conditions on the loop at one point, and a string begins its training in tune (after
Välimäki, Huopaniemi, Karjalainen and Jánosy, Physical Modeling of Plucked String Instruments, Journal of the
AES 44(5), 1996, who design the loop filter so).
"""

import copy
import math

import torch
from torch import Tensor

from voxnas.models.strings.net import StringNet
from voxnas.problems.string.data.note import Note
from voxnas.problems.string.modal import Mode, find_modes

T60_UNIT, CENT_UNIT = 0.02, 0.2  # errors of so much weigh the same
GOOD = 0.05  # an error with which nothing else is tried
FAINT_DB = 50.0  # partials that far below the strongest are left out
SHADE = 64  # points between partials, and above them, where nothing may ring longer


class LoopFit:
    """Fit of the linear part of a string's loop to what ESPRIT finds in its notes.

    Args:
        partials: at most so many, from the first.
        steps: of L-BFGS at most.
        attempts: from other weights, as long as the fit is not good.
    """

    def __init__(self, partials: int = 30, steps: int = 150, attempts: int = 3) -> None:
        self.partials, self.steps, self.attempts = partials, steps, attempts

    def __call__(self, network: StringNet, notes: list[Note]) -> float:
        """Set the network's weights; return the error that is left, 1 for about 2 % of T60 or 0.2 cents."""
        targets = [target for note in notes for target in self._targets(network, note)]
        best: dict[int, tuple[float, StringNet]] = {}
        for attempt in range(self.attempts if targets else 0):
            tried = copy.deepcopy(network).double()
            if attempt:
                _begin_elsewhere(tried)
            self._descend(tried, targets)
            for line, error in _errors(tried, targets).items():
                if error < best.get(line, (math.inf, tried))[0]:
                    best[line] = (error, tried)
            if len(best) == network.lines and max(error for error, _ in best.values()) < GOOD:
                break
        for line, (_, tried) in best.items():
            _take_line(network, tried, line)
        return max((error for error, _ in best.values()), default=math.inf)

    def _descend(self, network: StringNet, targets: list["_Target"]) -> None:
        """Twice, the second time with whole delays that suit what the first has found."""
        named = network.named_parameters()
        weights = [p for name, p in named if name.startswith(("cell", "delay", "taps"))]
        for steps in (self.steps, self.steps // 2) if weights else ():
            network.held = network.whole_delays(targets[0].period) if network.is_passive else None
            optimizer = torch.optim.LBFGS(
                weights,
                max_iter=steps,
                history_size=20,
                line_search_fn="strong_wolfe",
                tolerance_change=1e-12,
            )

            def closure(optimizer: torch.optim.Optimizer = optimizer) -> Tensor:
                optimizer.zero_grad()
                error = torch.stack([target.error(network) for target in targets]).mean()
                error.backward()
                return error

            optimizer.step(closure)
            network.held = None

    def _targets(self, network: StringNet, note: Note) -> list["_Target"]:
        found = _plausible(find_modes(note, network.lines, self.partials), network.max_t60)
        if network.lines == 1:
            return [_Target([modes[0] for modes in found], 0, note)]
        pairs = [modes for modes in found if len(modes) > 1]
        if len(pairs) < 2:  # there is no second polarisation to be heard
            return [_Target([modes[0] for modes in found], line, note) for line in range(2)]
        return [_Target([modes[line] for modes in pairs], line, note) for line in range(2)]


class _Target:
    """The modes that one line is to have."""

    def __init__(self, modes: list[Mode], line: int, note: Note) -> None:
        rate, self.line, self.period = note.sample_rate, line, note.period
        self.poles = torch.tensor([m.pole(rate) for m in modes], dtype=torch.complex128)
        self.fall = torch.tensor([m.decay / rate * note.period for m in modes], dtype=torch.float64)
        self.numbers = torch.tensor([float(m.number) for m in modes], dtype=torch.float64)
        db = 20 * torch.tensor([math.log10(m.weight + 1e-12) for m in modes], dtype=torch.float64)
        self.weights = (1 + (db - db.max()) / 60).clamp(0.1, 1)
        top = max(m.hz for m in modes) * 2 * math.pi / rate
        shade = torch.linspace(top, math.pi, SHADE, dtype=torch.float64)
        self.shade = torch.cat([torch.ones(1, dtype=torch.complex128), torch.exp(1j * shade)])
        self.least_fall = torch.cat([self.fall[:1], self.fall[-1:].expand(SHADE)])

    def error(self, network: StringNet) -> Tensor:
        loop = network.loop(self.poles, self.line, self.period).log()
        t60 = loop.real / self.fall / T60_UNIT
        cents = loop.imag / (2 * math.pi * self.numbers) * 1200 / math.log(2) / CENT_UNIT
        rings = network.loop(self.shade, self.line, self.period).abs().clamp(min=1e-9).log() + self.least_fall
        longer = (rings / self.least_fall).clamp(min=0)
        off = (1 + t60**2 + cents**2).sqrt() - 1  # one partial that was taken wrongly does not decide
        return (self.weights * off).sum() / self.weights.sum() + longer.square().mean()


def _plausible(found: list[list[Mode]], longest_t60: float) -> list[list[Mode]]:
    """Without what rings longer than a string does, and what is too faint to be sure of."""
    loudest = max((mode.weight for modes in found for mode in modes), default=0.0)
    least = loudest * 10 ** (-FAINT_DB / 20)
    kept = [[m for m in modes if m.t60 < longest_t60] for modes in found]
    return [modes for modes in kept if modes and max(m.weight for m in modes) > least]


@torch.no_grad()
def _errors(network: StringNet, targets: list[_Target]) -> dict[int, float]:
    """The mean error of each line, as far as it is a number."""
    found: dict[int, list[float]] = {}
    for target in targets:
        found.setdefault(target.line, []).append(float(target.error(network)))
    means = {line: sum(errors) / len(errors) for line, errors in found.items()}
    return {line: error for line, error in means.items() if math.isfinite(error)}


@torch.no_grad()
def _take_line(network: StringNet, fitted: StringNet, line: int) -> None:
    """One line's weights; lines do not know of each other while they are fitted."""
    if not network.is_passive:
        network.load_state_dict({k: v.float() for k, v in fitted.state_dict().items()})
        return
    own, other = network.cell.filters[line], fitted.cell.filters[line]
    own.load_state_dict({k: v.float() for k, v in other.state_dict().items()})
    network.delay[line] = fitted.delay[line].float()


@torch.no_grad()
def _begin_elsewhere(network: StringNet) -> None:
    for name, weight in network.named_parameters():
        if name.startswith("cell.filters"):
            weight.copy_(
                torch.full_like(weight, -4.5) if name.endswith("losses") else 0.5 * torch.randn_like(weight)
            )
        elif name.startswith("delay"):
            weight.copy_(0.5 + 1.5 * torch.rand_like(weight))
