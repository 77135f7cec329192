"""Sections in which nothing plays: they train to nothing, and no error can be told against them."""

import numpy as np

from voxnas.audio.checks import SILENCE_DBFS, decibels, propose_sections
from voxnas.audio.pair import Pair
from voxnas.problems.amp.data.sections import Sections
from voxnas.utils.errors import InputError

BELOW_THE_REST_DB = 60.0  # what an amp hisses when nobody plays
BLOCK_SECONDS = 0.5
MAX_PAUSE_BLOCKS = 6  # between phrases
MIN_PROPOSED_SECONDS = 10.0


def require_sound(pair: Pair, sections: Sections, *, settable: bool = True) -> None:
    """Raise InputError if input or target is silent in a section: which, and what to set where one can."""
    spans = {name: getattr(sections, name) for name in ("train", "val", "test")}
    faults = []
    for role, samples in (("target", pair.target), ("input", pair.input)):
        floor = _floor(samples)
        silent = [name for name, (start, stop) in spans.items() if _level(samples[start:stop]) < floor]
        if silent:
            plural = "s" * (len(silent) > 1)
            faults.append(f"{role} is silent in the section{plural} {', '.join(silent)}")
    if faults:
        seconds = [
            f"{name} {a / pair.sample_rate:.1f}:{b / pair.sample_rate:.1f} s"
            for name, (a, b) in spans.items()
        ]
        advice = _advice(pair) if settable else "record again"
        where = f"{pair.input_path} → {pair.target_path}"
        raise InputError(f"{where}: {'; '.join(faults)} ({', '.join(seconds)}); {advice}")


def _advice(pair: Pair) -> str:
    """The longest stretch in which both sound, give or take a pause, as settings."""
    size = int(BLOCK_SECONDS * pair.sample_rate)
    starts = range(0, len(pair.target) - size + 1, size)
    quiet = np.zeros(len(starts), dtype=bool)
    for samples in (pair.input, pair.target):
        floor = _floor(samples)
        quiet |= [_level(samples[start : start + size]) < floor for start in starts]
    sounding = np.flatnonzero(~quiet)
    runs = np.split(sounding, np.flatnonzero(np.diff(sounding) > MAX_PAUSE_BLOCKS) + 1)
    longest = max(runs, key=len)
    if not longest.size:
        return "record again"
    start, stop = BLOCK_SECONDS * longest[0], BLOCK_SECONDS * (longest[-1] + 1)
    if stop - start < MIN_PROPOSED_SECONDS:
        return "record again"
    return f"set {propose_sections(start, stop)}, or record again"


def _level(samples: np.ndarray) -> float:
    return decibels(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))))


def _floor(samples: np.ndarray) -> float:
    return max(SILENCE_DBFS, _level(samples) - BELOW_THE_REST_DB)
