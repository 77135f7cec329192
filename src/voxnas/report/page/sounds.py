"""What a page plays: the preview that all candidates of a study share, and their networks."""

import io
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from voxnas.kernels.wasm import ENGINE
from voxnas.report.page.packed import packed_bytes, packed_form, packed_panel
from voxnas.utils.errors import VoxnasError

if TYPE_CHECKING:
    import pandas as pd

LONGEST_S = 10.0
BLOCK = 1024  # samples; BLOCK of web/deck.mjs
RATES = (8000, 192_000)  # Hz, that browsers play

log = logging.getLogger(__name__)


def shared_sound(candidates: "pd.DataFrame", roles: Sequence[str] | None) -> dict[str, Any] | None:
    """The preview of the first candidate that has one, and the engine; None where there is none.

    `roles` are the names of two previews: what networks are given, and what they should answer. The result
    has `rate`, `engine`, both sounds as `dry` and `target`, and the `data` that the pair is of.
    """
    for _, row in candidates.iterrows() if roles else ():
        files = [_inside(row, f"previews.{role}") for role in roles or ()]
        if row["status"] != "ok" or None in files:
            continue
        try:
            (dry, rate), (target, other) = (_read(file) for file in files if file)
        except (OSError, RuntimeError, ValueError) as error:
            log.warning("%s: a preview cannot be read (%s)", row["candidate"], error)
            continue
        if rate == other and RATES[0] <= rate <= RATES[1] and min(len(dry), len(target)) >= BLOCK:
            size = min(len(dry), len(target), round(LONGEST_S * rate))
            sounds = {"dry": packed_sound(dry[:size], rate), "target": packed_sound(target[:size], rate)}
            engine = packed_bytes(ENGINE.read_bytes())
            return {"rate": rate, "engine": engine, **sounds, "data": row.get("data.fingerprint")}
    return None


def playable(row: "pd.Series", sound: dict[str, Any]) -> dict[str, Any] | str:
    """A candidate's network as the page plays it, or why it does not."""
    from voxnas.engine.native_engine import control_arrays, native_form
    from voxnas.export.load import load_model

    if row["status"] != "ok" or not row["folder"]:
        return "There is no finished run of it."
    if row.get("data.fingerprint") != sound["data"]:
        return "It was trained on other recordings than the preview is of."
    try:
        model = load_model(Path(row["folder"]))
        if model.sample_rate not in (None, sound["rate"]):
            return f"It is for {model.sample_rate} Hz, and the preview has {sound['rate']} Hz."
        form, controls = packed_form(native_form(model.network)), list(model.network.controls)
        panel = packed_panel(controls, control_arrays(model.network)) if controls else None
    except VoxnasError as error:
        return f"It cannot be played here: {error}"
    warm = -(-model.network.receptive_field // BLOCK) * BLOCK
    return {"form": form, "warm": warm, "delay": model.network.delay_samples, "panel": panel}


def packed_sound(samples: NDArray[np.float32], rate: int) -> dict[str, Any]:
    """A sound as FLAC of 16 bits at full level, and the gain that brings it back to its own."""
    peak = max(float(np.abs(samples).max()), 1e-6)
    gain = peak * 32768 / 32767
    buffer = io.BytesIO()
    soundfile.write(buffer, samples / gain, rate, format="FLAC", subtype="PCM_16")
    return {"bytes": packed_bytes(buffer.getvalue(), 1), "gain": gain}


def _read(file: Path) -> tuple[NDArray[np.float32], int]:
    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    if not np.isfinite(samples).all():
        raise ValueError("it holds values that are no numbers")
    return samples[:, 0], rate


def _inside(row: "pd.Series", column: str) -> Path | None:
    """The file of a run that a column names, if it is there, and in the run's own folder."""
    name = row.get(column)
    return inside(row["folder"], name) if isinstance(name, str) else None


def inside(folder: str, name: str) -> Path | None:
    """A file in a run's folder; None where there is none, or it lies elsewhere."""
    if not folder or not name:
        return None
    path = (Path(folder) / name).resolve()
    return path if path.is_relative_to(Path(folder).resolve()) and path.is_file() else None
