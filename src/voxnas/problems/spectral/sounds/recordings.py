"""Recordings of a device at known settings: a CSV with a column `file` and one for each knob."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from voxnas.audio.files import file_sample_rate, read_audio
from voxnas.audio.resample import resample
from voxnas.problems.spectral.sounds.source import Source
from voxnas.problems.spectral.vimh.knobs import Knob
from voxnas.utils.errors import InputError, InputErrors

FILE, DRY = "file", "input"


@dataclass(frozen=True)
class Recordings(Source):
    """Excerpts of recordings. Those that test come later in each part of it than those that are trained on.

    Args:
        settings: the CSV; files are looked for beside it. A column `input`, of dry recordings, is not used.
        sample_rate: of the pictures in Hz; recordings of another are resampled.
        seconds: that an image shows.
        parts: of each recording, one after the other; the end of each tests.
    """

    settings: str
    sample_rate: int = 16_000
    seconds: float = 4.0
    parts: int = 1

    kind = "recordings"

    def check(self, names: set[str]) -> None:
        if unknown := sorted(names - set(self._table[0])):
            raise InputError(
                f"{self.settings}: no column {unknown[0]}; knobs are {', '.join(self._table[0])}"
            )

    def knobs(self, given: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
        """The table's columns, from their least to their largest value, in steps of the least distance."""
        names, _, values = self._table
        found: dict[str, Mapping[str, Any]] = {}
        for i, name in enumerate(names):
            there = np.unique(values[:, i])
            if len(there) < 2:
                raise InputError(f"{self.settings}: {name} stands at {there[0]:g} everywhere; leave it out")
            own = {"min": float(there[0]), "max": float(there[-1]), "step": float(np.diff(there).min())}
            found[name] = {**own, **given.get(name, {})}
        self.check(set(given))
        return found

    def number(self, wanted: int) -> int:
        """As many of each recording: a multiple of five excerpts, of which one tests."""
        files = len(self._table[1])
        return files * 5 * max(1, round(wanted / files / 5))

    def draw(self, number: int, train: int, knobs: Sequence[Knob], seed: int) -> np.ndarray:
        values = self._table[2]
        return values[np.arange(number) % len(values)]

    def play(
        self, knobs: Mapping[str, np.ndarray], samples: int, numbers: np.ndarray, train: int, seed: int
    ) -> np.ndarray:
        files = self._table[1]
        sounds = np.empty((len(numbers), samples))
        for place, number in enumerate(numbers):
            path = files[number % len(files)]
            recording = read_at(path, self.sample_rate)
            excerpt = int(number) // len(files)
            start = self._start(path, len(recording), samples, excerpt, train // len(files))
            sounds[place] = recording[start : start + samples]
        return sounds

    def _start(self, path: str, there: int, samples: int, excerpt: int, train: int) -> int:
        """Where an excerpt begins: four fifths of each part of a recording are trained on, the rest tests."""
        part = there // self.parts
        border = part * 4 // 5
        if border < samples or part - border < samples:
            least = 5 * self.parts * samples / self.sample_rate
            raise InputError(
                f"{path}: {there / self.sample_rate:.1f} s are too short; give {math.ceil(least)} s or more"
            )
        first, room = (0, border - samples) if excerpt < train else (border, part - samples - border)
        place = excerpt if excerpt < train else excerpt - train
        of = train if excerpt < train else train // 4
        last = max(1, -(-of // self.parts) - 1)
        return place % self.parts * part + first + room * min(place // self.parts, last) // last

    @cached_property
    def _table(self) -> tuple[list[str], list[str], np.ndarray]:
        return read_table(Path(self.settings).expanduser())

    def as_values(self) -> dict[str, Any]:
        return {**super().as_values(), "settings": Path(self.settings).name}


@lru_cache(maxsize=64)
def read_at(path: str, sample_rate: int) -> np.ndarray:
    """A recording at a rate."""
    clip = read_audio(path)
    return resample(clip.samples, clip.sample_rate, sample_rate)


def read_table(path: Path) -> tuple[list[str], list[str], np.ndarray]:
    """Names of knobs, files, and where the knobs stand `(files, knobs)`. InputErrors of each fault."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as a CSV of recordings and knobs ({error})") from error
    if not rows or FILE not in rows[0]:
        raise InputError(f"{path}: needs a column {FILE}, one for each knob, and a line per recording")
    names = [name for name in rows[0] if name not in (FILE, DRY, None)]
    if not names:
        raise InputError(f"{path}: no column of a knob beside {FILE}")
    faults, values, files = [], [], []
    for number, row in enumerate(rows, 2):
        recording = path.parent / str(row[FILE])
        try:
            values.append([float(row[name]) for name in names])
            file_sample_rate(recording)
            files.append(str(recording))
        except (TypeError, ValueError):
            faults.append(f"{path}: row {number}: a number is wanted for each of {', '.join(names)}")
        except InputError as error:
            faults.append(f"{path}: row {number}: {error}")
    if faults:
        raise InputErrors(faults)
    return names, files, np.array(values)
