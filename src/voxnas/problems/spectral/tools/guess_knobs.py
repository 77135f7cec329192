"""Knobs of an amp or a synthesizer, guessed from a recording of what comes out of it."""

import json as json_text
from pathlib import Path
from typing import Any

import numpy as np

from voxnas.audio.files import read_audio
from voxnas.audio.resample import resample
from voxnas.problems.spectral.pictures.picture import Picture
from voxnas.problems.spectral.tools.nearest import nearest_models
from voxnas.problems.spectral.trained import latest_run, load_reader
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text

QUIET_DB = 40.0  # below the loudest image: what is quieter is a pause
MOST = 512  # images of a recording,
APART = 0.5  # which begin that share of what one shows after each other


def guess_knobs(
    input: str,
    run: str | None,
    log_dir: str,
    channel: int | None = None,
    settings: str | None = None,
    study: str | None = None,
    json: str | None = None,
) -> dict[str, Any]:
    """Guess where the knobs stand, print and return it.

    Args:
        input: a recording, of wet sound alone.
        run: a run's folder; None for the one that was trained last.
        log_dir: where runs are.
        channel: of the recording, from 0; None for the only or the louder one.
        settings: where to write a table of the recording at this setting, as `data=amp_knobs` takes it.
        study: of amp models with knobs, or a folder with a run's; the guess is brought to their panels.
        json: where to write the figures.

    Raises InputError where the recording does not suit the network, or a file cannot be used.
    """
    reader = load_reader(run or latest_run(log_dir))
    clip = read_audio(input, channel)
    sounds = excerpts(clip.samples, clip.sample_rate, reader.picture, input)
    low, high, images = reader.picture.of(sounds)
    values, deviations = reader.tell_together(images, low, high, APART)
    found = {
        knob.name: {"value": float(value), "deviation": float(deviation), "low": knob.low, "high": knob.high}
        for knob, value, deviation in zip(reader.knobs, values, deviations, strict=True)
    }
    print(f"{input}, by {reader.run} ({len(sounds)} images):")
    for name, one in found.items():
        value = f"{one['value']:.3g} ± {one['deviation']:.2g}"
        print(f"  {name:<20} {value:<16} of {one['low']:g} to {one['high']:g}")
    if settings is not None:
        write_settings(Path(settings), Path(input), found)
        print(
            f"written: {settings}; python src/train.py data=amp_knobs data.settings={settings} data.input=DRY"
        )
    if study is not None:
        print("\n".join(nearest_models(study, log_dir, {n: one["value"] for n, one in found.items()})))
    if json is not None:
        write_text(Path(json), json_text.dumps(found, indent=2) + "\n")
    return found


def excerpts(samples: np.ndarray, sample_rate: int, picture: Picture, name: str) -> np.ndarray:
    """Stretches of a recording that fill an image each `(n, samples)`, half over each other, no pauses."""
    played = resample(samples, sample_rate, picture.sample_rate)
    if len(played) < picture.samples:
        raise InputError(
            f"{name}: {len(samples) / sample_rate:.2f} s; an image shows {picture.seconds:.2f} s: give more"
        )
    starts = np.arange(0, len(played) - picture.samples + 1, max(1, round(APART * picture.samples)))
    if len(starts) > MOST:
        starts = starts[np.linspace(0, len(starts) - 1, MOST).round().astype(int)]
    sounds = np.stack([played[start : start + picture.samples] for start in starts])
    loudness = 10 * np.log10(np.mean(np.square(sounds), axis=1) + 1e-20)
    if loudness.max() < -100:
        raise InputError(f"{name}: silence; give a recording of what comes out of the amp")
    return sounds[loudness > loudness.max() - QUIET_DB]


def write_settings(path: Path, recording: Path, found: dict[str, dict[str, float]]) -> None:
    """A table of one recording at the setting that was guessed; further rows can be added."""
    titles = [f"{name} [{one['low']:g}..{one['high']:g}]" for name, one in found.items()]
    values = [f"{one['value']:.4g}" for one in found.values()]
    write_text(path, f"file,{','.join(titles)}\n{recording.resolve()},{','.join(values)}\n")
