"""A string at a pitch: its parameters, and the flat weights that native code takes them as."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from voxnas.kernels.string import StringForm
from voxnas.models.base import Network
from voxnas.models.strings.passive import PassiveCell
from voxnas.models.strings.settings import ENERGY, check, units_of
from voxnas.models.strings.taps import mixing
from voxnas.utils.errors import InputError

LOWEST_PERIOD = 12.0  # samples


class TunedString(Network):
    """Parameters of a resonator in feedback: Karplus and Strong's, with a learnt cell for their mean of two.

    `passive`: the ends of the lines and some states go through a contraction, see passive.py; all-passes
    tune. `free`: the last samples, those around a period ago and, if asked for, around a quarter of it, with
    nothing to hold them.

    Args:
        form: of `FORMS`.
        polarisations: lines, each of its own pitch and decay, whose sum is heard; two are passive.
        states: of a passive cell, for each polarisation.
        near, around, quarter: of a free cell: so many last samples; those so far from a period, from a
            quarter of it.
        fractional: whether a free cell's taps lie at the exact period, by Lagrange's polynomial.
        linear: whether a free cell has linear taps beside the MLP.
        hidden: units of the MLP's layers, at most two: 16, "16-16" or [16, 16]; "none": no MLP.
        activation: the MLP's, of `voxnas.kernels.string.ACTIVATIONS`.
        bias: whether the MLP has biases; without any, and with an odd activation, loud and soft swing around
            zero.
        gains: whether each of the MLP's features has a gain of its own.
        energy: what the MLP hears of the string's energy, of `ENERGY`.
        scaled: whether the MLP works on samples over their level, so that a loud and a soft string are one.
        max_t60: seconds, in which a passive string has fallen by 60 dB at the latest.
        period: in samples; None until it follows its data.
        sample_rate: in Hz; likewise.
        drop: the mean fall of the note in dB per sample; likewise.
        backend: `auto`, `native` or `torch`.

    Raises:
        InputError: what does not go together.
    """

    def __init__(
        self,
        form: str = "passive",
        polarisations: int = 1,
        states: int = 3,
        near: int = 3,
        around: int = 3,
        quarter: int = 0,
        fractional: bool = True,
        linear: bool = True,
        hidden: Sequence[int] | int | str = (),
        activation: str = "Tanh",
        bias: bool = False,
        gains: bool = False,
        energy: str = "none",
        scaled: bool = True,
        max_t60: float = 24.0,
        period: float | None = None,
        sample_rate: int | None = None,
        drop: float = 0.0,
        backend: str = "auto",
        name: str = "string",
    ) -> None:
        super().__init__()
        units = units_of(hidden)
        self.name = name
        self.settings: dict[str, Any] = {
            **{"form": form, "polarisations": polarisations, "states": states},
            **{"near": near, "around": around, "quarter": quarter, "fractional": fractional},
            **{"linear": linear, "hidden": list(units), "activation": activation, "bias": bias},
            **{"gains": gains, "energy": energy, "scaled": scaled, "max_t60": max_t60},
        }
        check(self.settings, backend)
        self.is_passive, self.lines, self.backend = form == "passive", polarisations, backend
        self.period, self.sample_rate, self.drop = period, sample_rate, drop
        self.max_t60, self.hidden = max_t60, units
        self.held: Tensor | None = None  # whole delays, while a fit wants a smooth error
        inner = polarisations * states if self.is_passive else 0
        self._outputs = polarisations + inner
        if self.is_passive:
            self.cell = PassiveCell(polarisations, states)
            self.delay = nn.Parameter(torch.full((polarisations,), 1.0))  # of the loop filters, in samples
            features = self._outputs
        else:
            features = len(self._wanted(100.0))
            begun = torch.zeros(1, features)
            begun[0, near + around] = 0.99  # Karplus and Strong's string, nearly
            self.taps = nn.Parameter(begun) if linear else None
        width = features + ENERGY.index(energy)
        self.gains = nn.Parameter(torch.ones(width)) if gains and units else None
        sizes = [width, *units, *([self._outputs] if units else [])]
        self.layers = nn.ModuleList(nn.Linear(i, o, bias=bias) for i, o in pairwise(sizes))
        if units and (self.is_passive or linear):
            nn.init.zeros_(self._layers[-1].weight)  # a string first, then what it lacks

    def architecture(self) -> dict[str, Any]:
        known = {"period": self.period, "sample_rate": self.sample_rate, "drop": self.drop}
        return {"type": "StringNet", "name": self.name, **self.settings, **known}

    def summary(self) -> dict[str, Any]:
        return {
            "passive": self.is_passive,
            "polarisations": self.lines,
            "states": self._outputs - self.lines,
            "hidden": sum(self.hidden),
        }

    @property
    def _layers(self) -> list[nn.Linear]:
        return [layer for layer in self.layers if isinstance(layer, nn.Linear)]

    @property
    def has_linear(self) -> bool:
        """Whether there is a string without the MLP."""
        return self.is_passive or self.taps is not None

    @property
    def macs(self) -> int:
        form = self.at(self.period or 100.0)
        sizes = [int(torch.Size(size).numel()) for size in form.sizes() if len(size) == 2]
        return sum(sizes) + (3 * form.outputs if form.passive else 0)

    def follow(self, period: float, sample_rate: int, drop: float = 0.0) -> None:
        """Take the pitch from a note: its period in samples, and its mean fall in dB per sample."""
        if period < LOWEST_PERIOD:
            raise InputError(
                f"a period of {period:.1f} samples is too short for a string; give a lower note, or a sample"
                f" rate above {sample_rate} Hz"
            )
        self.period, self.sample_rate, self.drop = period, sample_rate, drop

    def _wanted(self, period: float) -> list[float]:
        exact = self.settings["fractional"]
        bases = [(period * part, offset) for part, offset in self._places()]
        return [max(1.0, (base if exact else float(round(base))) + offset) for base, offset in bases]

    def _places(self) -> list[tuple[float, float]]:
        """Of each tap how many periods and samples it lies back."""
        s = self.settings
        if self.is_passive:
            return [(1.0, 0.0)] * self.lines
        middles = [(1.0, s["around"])] + ([(0.25, s["quarter"])] if s["quarter"] else [])
        around = [(part, float(k)) for part, reach in middles for k in range(-reach, reach + 1)]
        return [*((0.0, float(k)) for k in range(1, s["near"] + 1)), *around]

    def at(self, period: float) -> StringForm:
        """Its form at a period in samples."""
        rate, s = self.sample_rate or 48_000, self.settings
        common = StringForm(
            ((0, 1),),
            hidden=self.hidden,
            activation=s["activation"],
            extras=ENERGY.index(s["energy"]) if self.hidden else 0,
            scaled=bool(s["scaled"] and self.hidden),
            window=max(1, round(period)),
            drop=self.drop,
        )
        if not self.is_passive:
            return replace(common, taps=tuple((0, d) for d in mixing(self._wanted(period))[0]))
        whole = [int(w) for w in self.whole_delays(period)]
        return replace(
            common,
            taps=tuple(enumerate(whole)),
            lines=self.lines,
            states=self._outputs - self.lines,
            passive=bool(self.hidden),  # a contraction needs no limit
            tuned=True,
            rho=self._rho(period, rate),
        )

    def whole_delays(self, period: float) -> Tensor:
        """Whole samples of the lines' delays; an all-pass adds the rest, half a sample to one and a half."""
        if self.held is not None:
            return self.held
        return (period - self.delay.detach() + 0.5).floor().clamp(min=2)

    def _rho(self, period: float, rate: int) -> float:
        return float(10 ** (-3 * period / (rate * self.max_t60)))

    def weights(self, period: float) -> Tensor:
        """Flat weights for `at(period)`."""
        if self.is_passive:
            linear = self._rho(period, self.sample_rate or 48_000) * self.cell()
            rest = (period - self.whole_delays(period) + 1 - self.delay).clamp(0.05, 4.0)
            tuning, mixed = (1 - rest) / (1 + rest), None
        else:
            mixed = mixing(self._wanted(period))[1].to(next(self.parameters()))
            linear = self.taps @ mixed if self.taps is not None else mixed.new_zeros(1, mixed.shape[1])
            tuning = linear.new_zeros(1)
        parts = [linear, tuning]
        for place, layer in enumerate(self._layers):
            weight = layer.weight
            if place == 0:
                weight = weight if self.gains is None else weight * self.gains
                if mixed is not None:
                    taps = mixed.shape[0]
                    weight = torch.cat([weight[:, :taps] @ mixed, weight[:, taps:]], 1)
            parts += [weight, layer.bias if layer.bias is not None else weight.new_zeros(weight.shape[0])]
        return torch.cat([part.flatten() for part in parts])
