"""How far a string that ran freely is from the note that it should be."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voxnas.problems.string.analysis import (
    ABOVE_FLOOR_DB,
    Partials,
    cents,
    decibels,
    drift_hz,
    envelopes,
    fall_t60,
)
from voxnas.problems.string.data.note import Note

Array = NDArray[np.float64]
WORST_DB = 60.0  # an envelope further off than that is not further off
END_S = 0.5
GLIDE_S = 0.25  # over which a momentary pitch is taken


@dataclass(frozen=True)
class Judgement:
    """Figures of a free run against its note.

    Attributes:
        envelope_db: the score: mean over partials and time of the difference of envelopes.
        t60_error: mean over partials of |T60 / the note's - 1|.
        t60_ratio: median over partials of T60 over the note's.
        pitch_cents: difference of pitch.
        glide_cents: largest difference of the pitch's course, beside that of the pitch.
        inharmonicity_cents: largest difference of a partial's frequency beside that of the pitch.
        broadband_db: mean difference of the level over time.
        dc_dbfs: of the last half second.
        end_dbfs: level of the last half second, DC included.
    """

    envelope_db: float
    t60_error: float
    t60_ratio: float
    pitch_cents: float
    glide_cents: float
    inharmonicity_cents: float
    broadband_db: float
    dc_dbfs: float
    end_dbfs: float


def judge(sound: Array, note: Note, gain_db: float = 0.0) -> Judgement:
    """Figures of a sound in the place of a note, at least as long; one that was made louder by `gain_db`."""
    told = note.partials
    raised = sound * 10 ** (-gain_db / 20)
    own = envelopes(raised, note.sample_rate, told.frequencies, told.pitch_hz)
    db, rate = own.db, note.sample_rate
    frame_s = own.hop / rate
    errors, ratios, away, weights = [], [], [], []
    for row, last in enumerate(told.last):
        target = told.envelopes.db[row, :last]
        mine = db[row, :last]
        heard = target > told.floor_db[row] + ABOVE_FLOOR_DB
        errors.append(float(np.minimum(np.abs(mine - target), WORST_DB)[heard].mean()))
        audible = min(last, max(3, _length(mine)))
        ratios.append(_ratio(fall_t60(own.seconds[:audible], mine[:audible]), told.t60[row]))
        drift = drift_hz(own.values[row, :last], frame_s, db[row].max() - 30)
        note_drift = drift_hz(told.envelopes.values[row, :last], frame_s, target.max() - 30)
        away.append(float(cents(told.frequencies[row] + drift, told.frequencies[row] + note_drift)))
        weights.append(10 ** (float(target.max()) / 20) * told.numbers[row])
    pitch = _weighted_median(np.array(away), np.array(weights))
    tail = sound[-max(1, round(END_S * rate)) :]
    tail = np.nan_to_num(tail, nan=1e3, posinf=1e3, neginf=-1e3)
    known = [r for r in ratios if np.isfinite(r)]
    return Judgement(
        envelope_db=float(np.mean(errors)),
        t60_error=float(np.mean([min(abs(r - 1), 10.0) for r in known])) if known else 10.0,
        t60_ratio=float(np.median(known)) if known else 10.0,
        pitch_cents=abs(pitch),
        glide_cents=_glide(own.values, told, frame_s, pitch),
        inharmonicity_cents=float(np.max(np.abs(np.array(away) - pitch))),
        broadband_db=_broadband(raised, note),
        dc_dbfs=float(decibels(np.abs(tail.mean(keepdims=True)))[0]),
        end_dbfs=float(decibels(np.sqrt((tail**2).mean(keepdims=True)))[0]),
    )


def _length(db: Array) -> int:
    """Frames until an envelope has fallen by 100 dB, behind which there is but arithmetic."""
    quiet = np.flatnonzero(db < db.max() - 100)
    return int(quiet[0]) if len(quiet) else len(db)


def _ratio(t60: float, of: float) -> float:
    if not np.isfinite(of):
        return float("nan")
    return t60 / of if np.isfinite(t60) else 100.0  # it does not fall


def _weighted_median(values: Array, weights: Array) -> float:
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(share, 0.5)])


def _glide(values: NDArray[np.complex128], told: Partials, frame_s: float, pitch: float) -> float:
    """Of the strongest partial, where it is at most 40 dB below its peak."""
    row = int(told.envelopes.db.max(1).argmax())
    target = told.envelopes.values[row, : told.last[row]]
    loud = np.abs(target) > 0.01 * np.abs(target).max()
    size = int(np.argmin(loud)) if not loud.all() else len(target)
    step = max(2, round(GLIDE_S / frame_s))
    worst = 0.0
    for start in range(0, size - step, step):
        part = slice(start, start + step)
        mine, theirs = (drift_hz(v[part], frame_s, -300.0) for v in (values[row], target))
        base = told.frequencies[row]
        worst = max(worst, abs(float(cents(base + mine, base + theirs)) - pitch))
    return worst


def _broadband(sound: Array, note: Note) -> float:
    size = max(1, round(note.period))
    count = min(len(note.levels), len(sound) // size)
    mine = decibels(np.sqrt((np.clip(sound[: count * size], -1e6, 1e6).reshape(count, size) ** 2).mean(1)))
    target = note.levels[:count]
    heard = target > note.floor_db + ABOVE_FLOOR_DB
    return float(np.minimum(np.abs(mine - target), WORST_DB)[heard].mean()) if heard.any() else WORST_DB
