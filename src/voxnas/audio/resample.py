"""Sample-rate conversion; the only place that imports torchaudio."""

import importlib
import math
import sys
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from voxnas.utils.errors import InputError

CHUNK_SECONDS = 20
FILTER_WIDTH = 64  # zero crossings on either side: flat to beyond 20 kHz at 44.1 and 48 kHz
ROLLOFF = 0.98
MOST_WEIGHTS = 2**25  # of the filter bank; rates without a common step would need gigabytes


def resample(samples: np.ndarray, from_rate: int, to_rate: int) -> np.ndarray:
    """Convert float32 `(samples,)` from one rate to another with a windowed sinc, without delay.

    Works in chunks whose seams are exact, so that only input and output lie in memory.
    Raises InputError for rates that are not positive, or that no filter bank of a sane size connects.
    """
    _check_rates(from_rate, to_rate)
    if from_rate == to_rate:
        return samples
    size = max(1, int(CHUNK_SECONDS * from_rate))
    chunks = (samples[start : start + size] for start in range(0, len(samples), size))
    result = np.empty(math.ceil(len(samples) * to_rate / from_rate), dtype=np.float32)
    filled = 0
    for converted in resample_blocks(chunks, from_rate, to_rate):
        result[filled : filled + len(converted)] = converted
        filled += len(converted)
    return result


def resample_blocks(blocks: Iterable[np.ndarray], from_rate: int, to_rate: int) -> Iterator[np.ndarray]:
    """`resample` for a signal of any length that comes in blocks `(samples,)` of any size.

    What comes out, in blocks of other sizes, is together what `resample` makes of the whole: as long and
    without delay. Holds no more than a block and the filter's length, and asks for input that far ahead.
    """
    _check_rates(from_rate, to_rate)
    if from_rate == to_rate:
        yield from blocks
        return
    import torch

    convert = _filter_bank(from_rate, to_rate)
    divisor = math.gcd(from_rate, to_rate)
    step_in, step_out = from_rate // divisor, to_rate // divisor
    # What lies in memory begins on a whole step, and so does what is given out: seams stay on the grid.
    margin = math.ceil(2 * FILTER_WIDTH * max(1, from_rate / to_rate) / step_in) + 1
    pending, done = np.zeros(0, np.float32), 0  # the first `done` steps are there as context alone
    for block in blocks:
        pending = np.concatenate([pending, block], dtype=np.float32)
        ready = len(pending) // step_in - margin
        if ready > done:
            yield convert(torch.from_numpy(pending)).numpy()[done * step_out : ready * step_out]
            kept_from = max(0, ready - margin)
            pending, done = pending[kept_from * step_in :], ready - kept_from
    if len(pending):
        yield convert(torch.from_numpy(pending)).numpy()[done * step_out :]


def _check_rates(from_rate: int, to_rate: int) -> None:
    if from_rate <= 0 or to_rate <= 0:
        raise InputError(f"cannot resample from {from_rate} Hz to {to_rate} Hz; rates are positive")
    step_in, step_out = (rate // math.gcd(from_rate, to_rate) for rate in (from_rate, to_rate))
    taps = step_in + 2 * FILTER_WIDTH * max(1, from_rate / to_rate)
    if from_rate != to_rate and step_out * taps > MOST_WEIGHTS:
        raise InputError(
            f"cannot resample from {from_rate} Hz to {to_rate} Hz, which have too little in common; "
            "use one of the usual rates, such as 44100 or 48000"
        )


def _filter_bank(from_rate: int, to_rate: int) -> Any:
    """Function that converts a stretch `(samples,)` with silence on both sides; made once per stream."""
    import torch

    bank = torchaudio("transforms").Resample(
        from_rate, to_rate, lowpass_filter_width=FILTER_WIDTH, rolloff=ROLLOFF, dtype=torch.float64
    )
    return bank.float()  # weights computed in single precision are off by 1e-5


def torchaudio(part: str) -> ModuleType:
    """Import a part of torchaudio beside any build of torch.

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
    return importlib.import_module(f"torchaudio.{part}")
