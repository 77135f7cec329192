"""How well each knob is told: errors, steps, calibration, and whether it can be told at all."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from voxnas.problems.spectral.vimh.knobs import Knob

BINS = 10  # of the range, and of how unsure estimates are
LEAST_SKILL = 0.1  # share of a guess's error that has to go,
SURE = 3.0  # by so many standard errors, for a knob that can be told


def knob_figures(
    knobs: Sequence[Knob], mean: np.ndarray, deviation: np.ndarray, target: np.ndarray, guess: np.ndarray
) -> list[dict[str, Any]]:
    """Figures of each knob, as plain values.

    A knob can be told where the network is surely better than one that always says the same: errors are a
    tenth smaller at least than that guess's, by three standard errors of their difference.

    Args:
        mean, deviation, target: shares of the ranges `(n, knobs)`; deviations NaN where there are none.
        guess: the best that can be said without looking: the median of the training images, `(knobs,)`.
    """
    found = []
    for i, knob in enumerate(knobs):
        error, blind = np.abs(mean[:, i] - target[:, i]), np.abs(guess[i] - target[:, i])
        gain = blind - error
        standard_error = gain.std() / np.sqrt(max(1, len(gain)))
        skill = float(1 - error.mean() / max(blind.mean(), 1e-12))
        found.append(
            {
                "name": knob.name,
                "low": knob.low,
                "high": knob.high,
                "step": knob.step,
                "mae": float(error.mean()),
                "guess_mae": float(blind.mean()),
                "skill": skill,
                "told": bool(skill > LEAST_SKILL and gain.mean() > SURE * standard_error),
                "within_step": float((error * knob.span <= knob.step * (1 + 1e-6)).mean()),
                "bias": float((mean[:, i] - target[:, i]).mean()),
                "over_range": over(target[:, i], error),
                "calibration": calibration(deviation[:, i], error),
                "coverage": coverage(deviation[:, i], error),
            }
        )
    return found


def over(places: np.ndarray, error: np.ndarray) -> list[float | None]:
    """Mean error in each tenth of the range; None where there is no image."""
    bins = np.clip((places * BINS).astype(int), 0, BINS - 1)
    return [float(error[bins == b].mean()) if (bins == b).any() else None for b in range(BINS)]


def calibration(deviation: np.ndarray, error: np.ndarray) -> list[list[float]]:
    """Pairs of the deviation told and the RMS error there was, from the surest tenth to the least."""
    if not np.isfinite(deviation).all():
        return []
    parts = np.array_split(np.argsort(deviation, kind="stable"), BINS)
    rms = lambda values: float(np.sqrt(np.mean(np.square(values))))  # noqa: E731
    return [[rms(deviation[part]), rms(error[part])] for part in parts if len(part)]


def coverage(deviation: np.ndarray, error: np.ndarray) -> float | None:
    """Share of images whose truth is within two deviations: .95 of one that knows how unsure it is."""
    return float((error <= 2 * deviation).mean()) if np.isfinite(deviation).all() else None


def confusion(knob: Knob, mean: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Counts of images by step, `(true, estimated)`."""
    true, told = (knob.class_of(knob.low + shares * knob.span) for shares in (target, mean))
    counts = np.zeros((knob.classes, knob.classes), np.int64)
    np.add.at(counts, (true, told), 1)
    return counts


def all_within_step(figures: Sequence[dict[str, Any]], mean: np.ndarray, target: np.ndarray) -> float:
    """Share of images that are within a step in every knob that can be told; NaN where none can."""
    told = [i for i, one in enumerate(figures) if one["told"]]
    if not told:
        return float("nan")
    steps = np.array([figures[i]["step"] / (figures[i]["high"] - figures[i]["low"]) for i in told])
    return float((np.abs(mean[:, told] - target[:, told]) <= steps * (1 + 1e-6)).all(axis=1).mean())
