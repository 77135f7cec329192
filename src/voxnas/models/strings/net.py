"""A string: what goes into a delay line next, from its taps, by a linear cell, an MLP, or both."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from voxnas.kernels.build import Unavailable
from voxnas.kernels.string import ACTIVATIONS, StringForm, run_native
from voxnas.kernels.string_torch import run_torch
from voxnas.kernels.string_voice import VoiceForm
from voxnas.models.base import BACKENDS, Network, warn_of_torch
from voxnas.models.strings.passive import PassiveCell
from voxnas.models.strings.taps import mixing
from voxnas.utils.errors import InputError

FORMS = ("passive", "free")
ENERGY = ("none", "level", "decay")  # what the MLP hears of it, the ones before included
LOWEST_PERIOD = 12.0  # samples


class StringNet(Network):
    """Resonator in feedback: Karplus and Strong's, with a cell that is learnt in place of their mean of two.

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
        units = _units(hidden)
        self.name = name
        self.settings: dict[str, Any] = {
            **{"form": form, "polarisations": polarisations, "states": states},
            **{"near": near, "around": around, "quarter": quarter, "fractional": fractional},
            **{"linear": linear, "hidden": list(units), "activation": activation, "bias": bias},
            **{"gains": gains, "energy": energy, "scaled": scaled, "max_t60": max_t60},
        }
        _check(self.settings, backend)
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

    def example(self) -> tuple[Tensor, int]:
        """What `forward` can be given: silence behind, and so many samples to come."""
        form = self.at(self.period or 100.0)
        return torch.zeros(1, form.lines, form.history), 64

    def extra_repr(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.summary().items())

    def forward(
        self,
        start: Tensor,
        steps: int,
        period: float | None = None,
        given: Tensor | None = None,
        forced: int = 0,
        onset: Tensor | None = None,
        only_linear: bool = False,
    ) -> Tensor:
        """The lines' next samples, `(batch, lines, steps)`; see `run_native`.

        `only_linear`: without the MLP, and with weights that are taken as given.
        """
        form = self.at(period or self.period or 100.0)
        weights = self.weights(period or self.period or 100.0)
        if only_linear:
            form = replace(form, hidden=(), passive=False, extras=0, scaled=False)
            weights = weights.detach()[: sum(int(torch.Size(size).numel()) for size in form.sizes())]
        short = form.history - start.shape[-1]
        start = nn.functional.pad(start, (short, 0)) if short > 0 else start[..., -form.history :]
        weights = weights.to(start)
        if self.backend != "torch":
            try:
                return run_native(form, weights, start, steps, given, forced, onset)
            except Unavailable as reason:
                if self.backend == "native":
                    raise
                warn_of_torch(str(reason))
        return run_torch(form, weights, start, steps, given, forced, onset)

    def loop(self, z: Tensor, line: int = 0, period: float | None = None) -> Tensor:
        """Gain round the loop of one line at complex points z, of the linear part; 1 where it rings."""
        period = period or self.period or 100.0
        form, weights = self.at(period), self.weights(period)
        if not self.is_passive:
            delays = torch.tensor([-float(delay) for _, delay in form.taps], dtype=torch.float64)
            taps = weights[: len(delays)].to(z.dtype)
            return (taps * z.unsqueeze(-1) ** delays).sum(-1)
        tuning = weights[form.outputs * form.features + line].to(z.dtype)
        back = 1 / z
        passed = z ** (1.0 - form.taps[line][1]) * (tuning + back) / (1 + tuning * back)
        return passed * self.cell.response(line, z, form.rho)

    def voice_form(self) -> VoiceForm:
        """The string as a voice plays it, at the pitch of its data; another is a matter of the voice."""
        period, s = self.period or 100.0, self.settings
        form = self.at(period)
        with torch.no_grad():
            flat, places = self.weights(period), self._places()
            drawn = form.outputs * form.features
            linear, layers = flat[:drawn], flat[drawn + form.lines :]
            if not self.is_passive:  # taps as they are meant, before a pitch mixes them
                linear = self.taps[0] if self.taps is not None else flat.new_zeros(len(places))
                if self._layers:
                    first = self._layers[0].weight
                    first = first if self.gains is None else first * self.gains
                    cut = first.shape[0] * (form.features + form.extras)
                    layers = torch.cat([first.flatten(), layers[cut:]])
            weights = torch.cat([linear, layers]).float().numpy()
            delays = self.delay.numpy() if self.is_passive else np.zeros(1, np.float32)
        hidden = (*self.hidden, 0, 0)
        parts, offsets = (np.array(column, np.float32) for column in zip(*places, strict=True))
        flags = (form.passive, form.tuned, form.scaled, s["fractional"])
        sizes = (form.lines, form.states, len(places), form.extras, *hidden[:2])
        return VoiceForm(
            (*sizes, ACTIVATIONS.index(form.activation), *map(int, flags)),
            weights,
            parts,
            offsets,
            delays,
            float(self.sample_rate or 48_000),
            float(period),
            float(self.max_t60),
            float(self.drop),
        )


def _units(hidden: Sequence[int] | int | str) -> tuple[int, ...]:
    if isinstance(hidden, str):
        words = [] if hidden in ("", "none") else hidden.split("-")
        if not all(word.isdigit() for word in words):
            raise InputError(f"model.hidden={hidden}: none, 16, or 16-16 for two layers")
        return tuple(map(int, words))
    return (hidden,) if isinstance(hidden, int) else tuple(hidden)


def _check(settings: dict[str, Any], backend: str) -> None:
    one_of = {"form": FORMS, "activation": ACTIVATIONS, "energy": ENERGY}
    for key, known in one_of.items():
        if settings[key] not in known:
            raise InputError(f"model.{key}={settings[key]}: one of {', '.join(known)}")
    if backend not in BACKENDS:
        raise InputError(f"model.backend={backend}: one of {', '.join(BACKENDS)}")
    if settings["polarisations"] not in (1, 2):
        raise InputError(f"model.polarisations={settings['polarisations']}: 1 or 2")
    if settings["form"] == "free" and settings["polarisations"] > 1:
        raise InputError("model.form=free: only a passive string has two polarisations: model.form=passive")
    if settings["form"] == "free" and not settings["linear"] and not settings["hidden"]:
        raise InputError("model.linear=false: without an MLP (model.hidden=[16]) nothing is left")
    if len(settings["hidden"]) > 2 or any(units < 1 for units in settings["hidden"]):
        raise InputError(f"model.hidden={settings['hidden']}: at most two layers, such as 16 or 64-64")
    if settings["near"] < 0 or settings["around"] < 0 or settings["quarter"] < 0 or settings["states"] < 0:
        raise InputError("model: near, around, quarter and states are counts from 0")
    if settings["max_t60"] <= 0:
        raise InputError(f"model.max_t60={settings['max_t60']}: give seconds above 0")
