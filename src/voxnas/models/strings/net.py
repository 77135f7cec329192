"""A string: what goes into a delay line next, from its taps, by a linear cell, an MLP, or both."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from voxnas.kernels.build import Unavailable
from voxnas.kernels.string import ACTIVATIONS, run_native
from voxnas.kernels.string_torch import run_torch
from voxnas.kernels.string_voice import VoiceForm
from voxnas.models.base import warn_of_torch
from voxnas.models.strings.tuned import TunedString


class StringNet(TunedString):
    """Resonator that rings by itself: run in feedback, looked at round its loop, played as a voice.

    Its settings are those of `TunedString`.
    """

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
