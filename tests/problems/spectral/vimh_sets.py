"""Small VIMH sets that tests make themselves."""

from pathlib import Path

import numpy as np

from voxnas.problems.spectral.vimh.folder import FolderName
from voxnas.problems.spectral.vimh.metadata import new_metadata
from voxnas.problems.spectral.vimh.records import new_records, record_type
from voxnas.problems.spectral.vimh.write import write_set

KNOBS = {"drive": {"min": 0.0, "max": 1.0, "step": 0.1}, "tone": {"min": -2.0, "max": 2.0, "step": 0.5}}


def make_set(
    parent: Path,
    number: int = 20,
    size: tuple[int, int, int] = (8, 6, 1),
    knobs: dict = KNOBS,
    seed: int = 0,
    learnable: bool = False,
) -> Path:
    """A set of noise; of a `learnable` one the knobs are the image's and its scale's brightness."""
    train = number * 4 // 5
    name = FolderName(*size, sample_rate=8000, duration=1.0, samples=number, varying=len(knobs))
    spectrogram = {"n_fft": 64, "n_window": 64, "hop_length": 64, "window_type": "hann"}
    labels = ["Gray"] if size[2] == 1 else ["R", "G", "B"][: size[2]]
    metadata = new_metadata(
        *(str(name), size, labels, list(knobs), knobs, {}, (train, number - train), 8000, 1.0, spectrogram)
    )
    rng = np.random.default_rng(seed)
    records = new_records(number, record_type(*size, len(knobs)))
    records["low"], records["high"] = rng.uniform(-90, -50, number), rng.uniform(-10, 10, number)
    records["labels"][:, :, 1] = rng.integers(0, 256, (number, len(knobs)))
    records["image"] = rng.integers(0, 256, records["image"].shape)
    if learnable:
        first, second = (records["labels"][:, i, 1].astype(int) for i in (0, 1))
        records["image"] = (records["image"] // 8 + first[:, None, None, None] * 7 // 8).astype(np.uint8)
        records["high"] = second / 12.75 - 10
    return write_set(parent / str(name), metadata, {"train": [records[:train]], "test": [records[train:]]})
