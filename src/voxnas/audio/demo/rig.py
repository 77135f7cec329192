"""The whole demo rig: guitar, compressor if asked for, overdrive pedal, tube amp, cabinet."""

from typing import Any

import numpy as np

from voxnas.audio.demo import compressor
from voxnas.audio.demo.arguments import check_arguments
from voxnas.audio.demo.cabinet import cabinet
from voxnas.audio.demo.clipper import CHUNK, clip
from voxnas.audio.demo.guitar import play_guitar
from voxnas.audio.demo.oversample import FACTOR, downsample, upsample
from voxnas.audio.demo.tone import tone_control
from voxnas.audio.demo.tube import tube_stage

INPUT_V = 0.4  # volts at digital full scale
PREAMP_GAIN = 13.0  # between pedal and tube, at full level
LEVEL_END = 0.05  # of full level, with the knob at 0: a silent amp cannot be learnt
CEILING = 0.98


def make_pair(
    seconds: float = 40.0,
    sample_rate: int = 48_000,
    seed: int = 0,
    drive: float = 0.5,
    tone: float = 0.5,
    level: float = 0.5,
    compress: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return a guitar and the same guitar through the amp: float32, mono, equally long, aligned, below 1.

    The same arguments give the same pair. The knobs go from 0 to 1.

    Raises:
        InputError: an argument is out of its range.
    """
    knobs: Any = {"drive": drive, "tone": tone, "level": level, "compress": compress}
    check_arguments(seconds=seconds, sample_rate=sample_rate, seed=seed, **knobs)
    dry = play_guitar(seconds, sample_rate, seed).astype(np.float32)
    wet = play_amp(dry, sample_rate, **knobs)
    # Too loud a take is turned down as a whole, as an engineer would, and is never clipped.
    wet *= min(1.0, CEILING / float(np.max(np.abs(wet))))
    return dry, wet.astype(np.float32)


def play_amp(
    dry: np.ndarray,
    sample_rate: int,
    *,
    drive: float = 0.5,
    tone: float = 0.5,
    level: float = 0.5,
    compress: float = 0.0,
    chunk: int = CHUNK,
) -> np.ndarray:
    """Return `dry` through pedal, tube and cabinet as float64; causal, as a real amp is.

    `drive` is the clipping stage's pot, `tone` the treble's, `level` how hard the pedal drives the tube;
    `compress`, above 0, puts a compressor in front, whose memory is long. A short `dry` is quicker in short
    chunks, see `clip`.

    Raises:
        InputError: a knob is outside 0 to 1.
    """
    check_arguments(drive=drive, tone=tone, level=level, compress=compress)
    high_rate = FACTOR * sample_rate
    volts = INPUT_V * dry.astype(np.float64)
    if compress:
        volts = compressor.compress(volts, sample_rate, compress)
    volts = upsample(volts, sample_rate)
    volts = tone_control(clip(volts, high_rate, drive, chunk), high_rate, tone)
    gain = PREAMP_GAIN * (LEVEL_END + (1 - LEVEL_END) * level)
    volts = tube_stage(gain * volts, high_rate)
    return cabinet(downsample(volts, sample_rate), sample_rate)
