"""LightningDataModule of decaying notes: which of their segments a step trains on."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from voxnas.problems.data import DataModule
from voxnas.problems.string.data.found import found_note
from voxnas.problems.string.data.note import Note
from voxnas.problems.string.data.own import OwnString
from voxnas.utils.errors import InputError

LEVEL_STEP_DB = 1.0
Batch = tuple[int, Tensor, Tensor]  # a note's number; where segments begin, of 0 to 1; their signs


class StringDecay(DataModule):
    """Recordings of single notes, or strings of our own.

    Args:
        own: makes the notes where there are no recordings.
        recordings: a file, or several: takes of one string.
        channel: of the files, counted from 0; None for the only or the louder one.
        held_out: takes kept for the score, and as many for the test, where there are enough; else all serve
            all.
        symmetric: whether each segment also comes negated.
        level_balanced: whether segments are drawn evenly over level in dB instead of over time.
        most_seconds: of each note that are trained on; None for the whole decay.
        batch_size: segments of a step.
        steps: of an epoch.
        cache: folder of what was found in recordings; None for none.
        seed: of the order.
    """

    def __init__(
        self,
        own: OwnString,
        recordings: str | Sequence[str] | None = None,
        channel: int | None = None,
        held_out: int = 1,
        symmetric: bool = True,
        level_balanced: bool = True,
        most_seconds: float | None = None,
        batch_size: int = 16,
        steps: int = 20,
        cache: str | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        files = [recordings] if isinstance(recordings, str) else list(recordings or [])
        self.files, self.channel, self.own = [Path(f) for f in files], channel, own
        self.held_out, self.symmetric, self.level_balanced = held_out, symmetric, level_balanced
        self.most_seconds, self.batch_size, self.steps, self.seed = most_seconds, batch_size, steps, seed
        self.cache = None if cache is None else Path(cache)
        self._notes: list[Note] | None = None

    @property
    def notes(self) -> list[Note]:
        """All of them. Raises InputError if a recording cannot be used."""
        if self._notes is None:
            if self.files:
                notes = [found_note(path, self.channel, self.cache) for path in self.files]
            else:
                notes = self.own.notes()
            rates = {note.sample_rate for note in notes}
            if len(rates) > 1:
                raise InputError(f"data.recordings: takes of {sorted(rates)} Hz; give all at one sample rate")
            self._notes = notes
        return self._notes

    @property
    def sample_rate(self) -> int:
        return self.notes[0].sample_rate

    def parts(self) -> tuple[list[Note], list[Note], list[Note]]:
        """Notes to train on, of the score, of the test: the last ones are kept out where there are enough."""
        notes, out = self.notes, self.held_out
        if out < 1 or len(notes) <= out:
            return notes, notes, notes
        if len(notes) <= 2 * out:
            return notes[:-out], notes[-out:], notes[-out:]
        return notes[: -2 * out], notes[-2 * out : -out], notes[-out:]

    def adapt(self, network: Any) -> None:
        first = self.notes[0]
        network.follow(first.period, first.sample_rate, first.drop)

    def facts(self) -> dict[str, Any]:
        return {} if self.files else {"sample_rate": self.own.sample_rate}

    def figures(self) -> dict[str, float]:
        first = self.parts()[1][0]
        known = {"pitch_hz": first.pitch_hz, "note_seconds": first.seconds, "floor_dbfs": first.floor_db}
        return {**known, "note_inharmonicity": first.partials.inharmonicity}

    def describe(self) -> dict[str, Any]:
        digest = hashlib.sha256(repr((self.held_out, len(self.notes))).encode())
        for note in self.notes:
            digest.update(note.samples.astype(np.float32).tobytes())
        train, val, test = self.parts()
        names = {"train": train, "val": val, "test": test}
        return {
            "fingerprint": digest.hexdigest()[:16],
            "sections": {part: [note.name for note in notes] for part, notes in names.items()},
            "pitches_hz": [round(note.pitch_hz, 4) for note in self.notes],
        }

    def train_dataloader(self) -> "_Segments":
        return _Segments(self)

    def val_dataloader(self) -> DataLoader[int]:
        return DataLoader(range(len(self.parts()[1])), batch_size=None)  # type: ignore[arg-type]

    def test_dataloader(self) -> DataLoader[int]:
        return DataLoader(range(len(self.parts()[2])), batch_size=None)  # type: ignore[arg-type]


class _Segments:
    """An epoch's batches, each of one note: places evenly over time or level, one in each share of it."""

    def __init__(self, data: StringDecay) -> None:
        self.data = data
        self.curves = [_places(note, data.level_balanced) for note in data.parts()[0]]

    def __len__(self) -> int:
        return self.data.steps

    def __iter__(self) -> Iterator[Batch]:
        trainer = self.data.trainer  # a run that goes on draws what it would have drawn
        rng = np.random.default_rng((self.data.seed, 0 if trainer is None else trainer.current_epoch))
        size = self.data.batch_size
        for step in range(self.data.steps):
            number = step % len(self.curves)
            shares = (np.arange(size) + rng.random(size)) / size
            curve = self.curves[number]
            places = np.interp(shares, np.linspace(0, 1, len(curve)), curve)
            signs = np.where(np.arange(size) % 2, -1.0, 1.0) if self.data.symmetric else np.ones(size)
            yield number, torch.from_numpy(places), torch.from_numpy(rng.permutation(signs)).float()


def _places(note: Note, by_level: bool) -> np.ndarray:
    """Places in a note, of 0 to 1, such that evenly spaced ones are even over time, or over level."""
    if not by_level:
        return np.array([0.0, 1.0])
    fallen = np.minimum.accumulate(note.levels)  # a level that rises for a while counts once
    steps = np.arange(fallen[0], fallen[-1] - LEVEL_STEP_DB / 2, -LEVEL_STEP_DB)
    time = np.linspace(0, 1, len(fallen))
    return np.interp(-steps, -fallen, time) if len(steps) > 2 else np.array([0.0, 1.0])
