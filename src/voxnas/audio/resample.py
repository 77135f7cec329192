"""Sample-rate conversion; the only place that imports torchaudio."""

import importlib
import math
import sys
from types import ModuleType

import numpy as np

from voxnas.utils.errors import InputError

CHUNK_SECONDS = 20
FILTER_WIDTH = 64  # zero crossings on either side: flat to beyond 20 kHz at 44.1 and 48 kHz
ROLLOFF = 0.98


def resample(samples: np.ndarray, from_rate: int, to_rate: int) -> np.ndarray:
    """Convert float32 `(samples,)` from one rate to another with a windowed sinc, without delay.

    Works in chunks whose seams are exact, so that only input and output lie in memory.
    """
    if from_rate <= 0 or to_rate <= 0:
        raise InputError(f"cannot resample from {from_rate} Hz to {to_rate} Hz; rates are positive")
    if from_rate == to_rate:
        return samples
    import torch

    functional = _torchaudio_functional()
    divisor = math.gcd(from_rate, to_rate)
    step_in, step_out = from_rate // divisor, to_rate // divisor
    # A chunk is a whole number of input steps, and so is the context on its sides: seams stay on the grid.
    steps = max(1, int(CHUNK_SECONDS * divisor))
    margin = math.ceil(2 * FILTER_WIDTH * max(1, from_rate / to_rate) / step_in) + 1
    result = np.empty(math.ceil(len(samples) * to_rate / from_rate), dtype=np.float32)
    for first in range(0, math.ceil(len(samples) / step_in), steps):
        begin = max(0, first - margin)
        chunk = torch.from_numpy(samples[begin * step_in : (first + steps + margin) * step_in])
        converted = functional.resample(
            chunk, from_rate, to_rate, lowpass_filter_width=FILTER_WIDTH, rolloff=ROLLOFF
        ).numpy()
        lead = (first - begin) * step_out
        place = result[first * step_out : (first + steps) * step_out]
        place[:] = converted[lead : lead + len(place)]
    return result


def _torchaudio_functional() -> ModuleType:
    """Import torchaudio.functional beside any build of torch.

    The Linux wheels of torchaudio hold an extension linked to CUDA libraries; beside a CPU-only torch,
    loading it raises OSError, although resampling is pure PyTorch. With a stub in the extension's place
    torchaudio behaves as where the extension was not built.
    """
    name = "torchaudio._extension"
    if name not in sys.modules:
        stub = ModuleType(name)
        stub._IS_TORCHAUDIO_EXT_AVAILABLE = False  # type: ignore[attr-defined]
        stub.fail_if_no_align = lambda function: function  # type: ignore[attr-defined]
        sys.modules[name] = stub
    return importlib.import_module("torchaudio.functional")
