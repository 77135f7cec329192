"""Estimated knobs made to sound again, beside the sounds that they were estimated from."""

from pathlib import Path
from typing import Any

import numpy as np

from voxnas.audio.files import write_audio
from voxnas.problems.spectral.sounds.build import source_of_set
from voxnas.problems.spectral.sounds.source import Source
from voxnas.problems.spectral.trained import TrainedReader, latest_run, load_reader
from voxnas.problems.spectral.vimh.dataset import VimhSet, open_set, spread
from voxnas.utils.errors import InputError

# Just-noticeable steps of what is known from listening tests, in the knob's own unit
NOTICEABLE = {
    "note_number": 0.05,  # 5 cents
    "note_velocity": 127 * (10 ** (1 / 20) - 1),  # 1 dB at full loudness
    "log10_decay_time": np.log10(1.25),  # a quarter of a decay time
}
CUTOFF_STEP = 0.05  # of a cutoff
UNKNOWN_STEP = 0.05  # of any other knob's range


def evaluate_audio(
    run: str | None, log_dir: str, folder: str | None = None, count: int = 8, output_dir: str | None = None
) -> dict[str, Any]:
    """Estimate knobs of test images, play both settings, write WAV pairs, and say how far apart they are.

    Args:
        run: a run's folder; None for the one that was trained last.
        log_dir: where runs are.
        folder: of the set; None for the one that it was trained on.
        count: test images.
        output_dir: of the WAV files; None for the folder `audio` in the run.

    Raises InputError where nothing plays the set's knobs, or it is another kind of set than the model's.
    """
    reader = load_reader(run or latest_run(log_dir))
    opened = open_set(folder or reader.folder)
    check_same(reader, opened)
    source = source_of_set(opened.metadata.values)
    records = opened.test[spread(len(opened.test), count)]
    numbers = len(opened.train) + spread(len(opened.test), count)
    true = opened.values(records)
    told, _ = reader.tell(records["image"], records["low"], records["high"])
    samples = int(source.seconds * source.sample_rate)
    pairs = [play(source, opened, values, numbers, samples) for values in (true, told)]
    where = Path(output_dir) if output_dir else reader.run / "audio"
    for i, sounds in enumerate(zip(*pairs, strict=True)):
        loudest = max(1.0, *(float(np.abs(sound).max()) for sound in sounds))
        for sound, name in zip(sounds, ("true", "estimated"), strict=True):
            write_audio(
                where / f"{i:02d}_{name}.wav", (sound / loudest).astype(np.float32), source.sample_rate
            )
    blind = np.repeat(np.median(opened.values(opened.train), axis=0)[None], len(true), axis=0)
    guessed = play(source, opened, blind, numbers, samples)
    found: dict[str, Any] = {
        "spectral_distance_db": spectral_distance(reader, *pairs),
        "guess_distance_db": spectral_distance(reader, pairs[0], guessed),
        "noticeable_steps": {
            knob.name: float(np.abs(steps(knob.name, knob.span, told[:, i], true[:, i])).mean())
            for i, knob in enumerate(reader.knobs)
        },
    }
    print(f"{reader.run}: {len(true)} pairs in {where}")
    distance, blind_distance = found["spectral_distance_db"], found["guess_distance_db"]
    print(f"  spectral distance    {distance:.2f} dB (of a guess: {blind_distance:.2f} dB)")
    for name, value in found["noticeable_steps"].items():
        print(f"  {name:<20} {value:.2f} just-noticeable steps")
    return found


def check_same(reader: TrainedReader, opened: VimhSet) -> None:
    """InputError where a set is not of the kind that a network was trained on."""
    own, there = reader.metadata.values, opened.metadata.values
    names = ("sample_rate", "height", "width", "channels", "parameter_names", "spectrogram_config")
    for name in names:
        if own[name] != there.get(name):
            raise InputError(
                f"{opened.folder}: {name} is {there.get(name)}, the network was trained at {own[name]}"
            )


def play(
    source: Source, opened: VimhSet, values: np.ndarray, numbers: np.ndarray, samples: int
) -> np.ndarray:
    """Sounds of settings `(n, knobs)`, with the set's fixed knobs."""
    knobs = {knob.name: values[:, i] for i, knob in enumerate(opened.knobs)}
    for name, fixed in (opened.metadata.values.get("fixed_parameters") or {}).items():
        knobs[name] = np.full(len(values), float(fixed["value"]))
    return source.play(knobs, samples, numbers, len(opened.train), 0)


def spectral_distance(reader: TrainedReader, first: np.ndarray, second: np.ndarray) -> float:
    """Mean difference of levels in dB over the bins and frames of the network's own kind of picture.

    What is 60 dB below the loudest is not heard, and counts as if it were there.
    """
    picture = reader.picture
    views = []
    for sounds in (first, second):
        low, high, images = picture.of(sounds[:, : picture.samples])
        levels = low[:, None, None] + images[:, 0] / 255 * (high - low)[:, None, None]
        views.append(levels)
    floor = np.maximum(*(view.max(axis=(1, 2), keepdims=True) for view in views)) - 60
    return float(np.abs(np.maximum(views[0], floor) - np.maximum(views[1], floor)).mean())


def steps(name: str, span: float, told: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Differences in just-noticeable steps; of a cutoff in steps of its ratio."""
    if name == "filter_cutoff":
        return np.asarray(np.log(np.maximum(told, 1) / np.maximum(true, 1)) / np.log(1 + CUTOFF_STEP))
    return np.asarray((told - true) / NOTICEABLE.get(name, UNKNOWN_STEP * span))
