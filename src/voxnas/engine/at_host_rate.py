"""A model in a host whose sample rate is not the model's: converted to, played, and converted back."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from voxnas.audio.polyphase import DENSITY, PolyphaseConverter, check_rates, low_delay, prototype
from voxnas.engine.base import GLIDE, StreamingEngine, check_mono
from voxnas.kernels.build import Unavailable
from voxnas.kernels.resampler import NativeConverter

PIECE = 64  # samples of the host that are converted at once


class Converter(Protocol):
    """Converter of a signal that comes in blocks."""

    def reset(self) -> None: ...

    def convert(self, block: NDArray[np.float32], wanted: int | None = None) -> NDArray[np.float32]: ...


class AtHostRate(StreamingEngine):
    """Engine around another, of a model for `model_rate`, that plays at `host_rate`; both in Hz.

    Whatever the block, as many samples come back; none waits for a later one. The two filters' delay at low
    frequencies, about .12 ms in all, is `delay_ms`. Raises InputError for rates that are too far apart.
    """

    def __init__(self, engine: StreamingEngine, model_rate: int, host_rate: int) -> None:
        self._engine, self.name = engine, engine.name
        self.controls, self.num_controls = engine.controls, engine.num_controls
        self._model_rate, self._last = model_rate, np.float32(0)
        self._fade = np.zeros(0, np.float32)  # shares of what sounded last, while it fades
        self.set_host_rate(host_rate)
        self._fade = self._fade[:0]
        self._settle()

    def set_host_rate(self, host_rate: int) -> None:
        """Play at another rate from now on: the model goes on where it is, and what sounded last fades into
        what comes, in 10 ms. Raises InputError for rates that are too far apart."""
        check_rates(self._model_rate, host_rate)
        self._into, self._back = (
            converter(host_rate, self._model_rate),
            converter(self._model_rate, host_rate),
        )
        self._held, self._host_rate = self._last, host_rate
        self._fade = np.linspace(1, 0, host_rate // 100, endpoint=False, dtype=np.float32)

    @property
    def delay_ms(self) -> float:
        """How much later than without conversion a low tone comes out, in ms."""
        return 2000 * low_delay() / min(self._model_rate, self._host_rate)

    @property
    def setting(self) -> Mapping[str, Any]:  # type: ignore[override]
        return self._engine.setting

    def reset(self) -> None:
        self._engine.reset()
        self._into.reset()
        self._back.reset()
        self._fade = self._fade[:0]
        self._settle()

    def set_controls(self, setting: Mapping[str, Any], glide: int = GLIDE) -> None:
        self._engine.set_controls(setting, round(glide * self._model_rate / self._host_rate))

    def process(
        self, block: NDArray[np.float32], controls: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        check_mono(block)
        if controls is not None:
            self._engine.process(block[:0], controls)
        starts = range(0, max(1, len(block)), PIECE)
        pieces = [self._piece(block[start : start + PIECE]) for start in starts]
        played = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
        if len(self._fade):
            share, self._fade = self._fade[: len(played)], self._fade[len(played) :]
            played[: len(share)] += (self._held - played[: len(share)]) * share
        self._last = played[-1] if len(played) else self._last
        return played

    def _piece(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._back.convert(self._engine.process(self._into.convert(block)), len(block))

    def _settle(self) -> None:
        """Fill the way back with what the model says in silence, which need not be zero."""
        for _ in range(0, 512, PIECE):
            self._piece(np.zeros(PIECE, np.float32))


def converter(from_rate: int, to_rate: int) -> Converter:
    """Converter between two rates, of compiled code where that can be."""
    try:
        return NativeConverter(prototype(), DENSITY, from_rate, to_rate)
    except Unavailable:
        return PolyphaseConverter(from_rate, to_rate)
