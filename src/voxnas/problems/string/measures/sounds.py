"""Callback that lets a finished string be heard and seen: WAVs, partials' decays, level over time."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
from lightning.pytorch.loggers import TensorBoardLogger
from numpy.typing import NDArray

from voxnas.audio.files import write_audio
from voxnas.problems.string.analysis import decibels, envelopes, fall_t60
from voxnas.problems.string.data.note import Note
from voxnas.problems.string.free_run import free_run, kind_of_start, starts_of
from voxnas.problems.string.judge import judge
from voxnas.problems.string.modal import ring, strongest_modes
from voxnas.problems.string.module import LISTENED_S, StringModule
from voxnas.training.callback import JobCallback

Array = NDArray[np.float64]
LEVEL_S = 0.1
POINTS = 120  # of a partial's curve


class Sounds(JobCallback):
    """Writes `preview/{target,model,modal}.wav`, and the model from softer starts at the same loudness.

    Args:
        levels_db: of those starts, against the recording's own.
        seconds: of the level over time, and of a preview at most.
    """

    def __init__(self, levels_db: tuple[float, ...] = (-24.0, -48.0), seconds: float = 30.0) -> None:
        self.levels_db, self.seconds = tuple(levels_db), seconds

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, StringModule)
        module, note = pl_module, pl_module.data.parts()[2][0]
        kind = kind_of_start(module.network, note)
        start = starts_of(module.network, note, kind)
        rate, heard = note.sample_rate, len(note.samples)
        whole = free_run(module.network, note, round(self.seconds * rate), kind=kind, start=start)
        size = max(heard, round(LISTENED_S * rate))
        modal = ring(strongest_modes(note, module.network.num_parameters // 2), note, size)
        sounds = {"target": note.samples, "model": whole[:heard], "modal": modal[:heard]}
        for level in self.levels_db:
            soft = free_run(module.network, note, heard, level, kind, start)
            sounds[f"model_from_{-level:g}dB"] = soft * 10 ** (-level / 20)
        for name, sound in sounds.items():
            self._write(trainer, name, np.nan_to_num(np.clip(sound, -1, 1)), rate)
        rival = asdict(judge(modal, note))
        self.record.metrics |= {
            f"modal_{name}": rival[name] for name in ("envelope_db", "t60_error", "pitch_cents")
        }
        self.record.details["decays"] = _decays(whole, note)
        self.record.details["level"] = _level(whole, rate)

    def _write(self, trainer: pl.Trainer, name: str, sound: Array, rate: int) -> None:
        path: Path = self.folder / "preview" / f"{name}.wav"
        path.parent.mkdir(exist_ok=True)
        write_audio(path, sound.astype(np.float32), rate)
        self.record.previews[name] = str(path.relative_to(self.folder))
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_audio(
                    f"preview/{name}", sound.astype(np.float32)[None], 0, sample_rate=rate
                )


def _decays(sound: Array, note: Note) -> list[dict[str, Any]]:
    """Of each partial its T60 and its course, the string's beside the note's."""
    told, rows = note.partials, []
    own = envelopes(sound, note.sample_rate, told.frequencies, told.pitch_hz)
    for row, number in enumerate(told.numbers):
        last = int(told.last[row])
        shown = np.unique(np.linspace(0, last - 1, POINTS).astype(int))
        rows.append(
            {
                "number": int(number),
                "hz": float(told.frequencies[row]),
                "t60": _number(fall_t60(own.seconds[:last], own.db[row, :last])),
                "target_t60": _number(float(told.t60[row])),
                "seconds": [round(float(s), 4) for s in own.seconds[shown]],
                "db": [round(float(v), 2) for v in own.db[row, shown]],
                "target_db": [round(float(v), 2) for v in told.envelopes.db[row, shown]],
            }
        )
    return rows


def _number(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None


def _level(sound: Array, rate: int) -> list[dict[str, Any]]:
    size = round(LEVEL_S * rate)
    frames = np.clip(np.nan_to_num(sound[: len(sound) // size * size], nan=1e3), -1e3, 1e3).reshape(-1, size)
    level = decibels(np.sqrt((frames**2).mean(1)))
    return [{"second": round(i * LEVEL_S, 2), "db": round(float(db), 2)} for i, db in enumerate(level)]
