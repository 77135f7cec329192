"""Voice of a string that is played: strikes, pitch and damping, block by block, in native code."""

import ctypes
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels.build import load
from voxnas.kernels.failures import failure_message

Floats = NDArray[np.float32]
LOWEST_HZ = 20.0


class _Shape(ctypes.Structure):
    """Mirror of the struct VoiceShape."""

    _fields_ = tuple(
        (name, ctypes.c_int64)
        for name in (
            *("lines", "states", "taps", "extras", "hidden1", "hidden2"),
            *("activation", "passive", "tuned", "scaled", "fractional"),
        )
    )


class _Model(ctypes.Structure):
    """Mirror of the struct VoiceModel."""

    _fields_ = (
        ("shape", _Shape),
        *((name, ctypes.c_void_p) for name in ("weights", "parts", "offsets", "delays")),
        *((name, ctypes.c_double) for name in ("sample_rate", "period", "max_t60", "drop")),
    )


@dataclass(frozen=True)
class VoiceForm:
    """A string with its weights, as a voice and the exported header take it; see VoiceModel.

    Attributes:
        shape: the values of VoiceShape, in its order.
        weights: A, and of each layer weights and bias.
        parts, offsets: of each tap, in periods and in samples.
        delays: of each line's loop filter, in samples.
        sample_rate: in Hz.
        period: as it was trained, in samples.
        max_t60: in seconds.
        drop: mean fall in dB per sample.
    """

    shape: tuple[int, ...]
    weights: Floats
    parts: Floats
    offsets: Floats
    delays: Floats
    sample_rate: float
    period: float
    max_t60: float
    drop: float

    @property
    def lines(self) -> int:
        return self.shape[0]


class Voice:
    """One string that rings. Raises Unavailable without a compiler, MemoryError where it does not fit.

    Args:
        form: the string.
        lowest_hz: the lowest pitch that it will be asked for.
    """

    def __init__(self, form: VoiceForm, lowest_hz: float = LOWEST_HZ) -> None:
        self.form, self._library = form, _library()
        self._arrays = [
            np.ascontiguousarray(a, np.float32) for a in (form.weights, form.parts, form.offsets, form.delays)
        ]
        pointers = [array.ctypes.data for array in self._arrays]
        numbers = (form.sample_rate, form.period, form.max_t60, form.drop)
        model = _Model(_Shape(*form.shape), *pointers, *numbers)
        self._voice = self._library.voxnas_voice_new(ctypes.byref(model), lowest_hz)
        if not self._voice:
            raise MemoryError(failure_message(self._library))
        weakref.finalize(self, self._library.voxnas_voice_free, self._voice)
        self._exciter: Floats | None = None

    def strike(self, exciter: Floats, velocity: float = 1.0) -> None:
        """Pluck it with an exciter, `(lines, samples)`, from the next sample on."""
        if exciter.shape[0] != self.form.lines:
            raise ValueError(f"an exciter is ({self.form.lines}, samples), not {exciter.shape}")
        self._exciter = np.ascontiguousarray(exciter, np.float32)  # which it reads while it plays
        self._library.voxnas_voice_strike(
            self._voice, self._exciter.ctypes.data, self._exciter.shape[1], velocity
        )

    def set_pitch(self, hz: float) -> None:
        self._library.voxnas_voice_pitch(self._voice, hz)

    def set_damping(self, t60: float | None) -> None:
        """Seconds for 60 dB on top of the string's own decay; None for no hand on it."""
        self._library.voxnas_voice_damping(self._voice, t60 or 0.0)

    def process(self, out: Floats) -> None:
        """Add the next samples to a block, float32 and contiguous."""
        self._library.voxnas_voice_process(self._voice, out.ctypes.data, out.size)

    def play(self, samples: int) -> Floats:
        """The next samples."""
        out = np.zeros(samples, np.float32)
        self.process(out)
        return out

    def energy(self) -> float:
        """All that is stored in lines and states."""
        return float(self._library.voxnas_voice_energy(self._voice))

    def reset(self) -> None:
        self._library.voxnas_voice_reset(self._voice)


def _library() -> ctypes.CDLL:
    library = load("string_stream.cpp")
    library.voxnas_voice_new.restype = ctypes.c_void_p
    library.voxnas_voice_new.argtypes = [ctypes.c_void_p, ctypes.c_double]
    library.voxnas_voice_energy.restype = ctypes.c_double
    voice, size, number = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double
    functions: dict[str, list[Any]] = {
        "free": [],
        "reset": [],
        "energy": [],
        "pitch": [number],
        "damping": [number],
        "strike": [ctypes.c_void_p, size, ctypes.c_float],
        "process": [ctypes.c_void_p, size],
    }
    for name, arguments in functions.items():
        getattr(library, f"voxnas_voice_{name}").argtypes = [voice, *arguments]
    return library
