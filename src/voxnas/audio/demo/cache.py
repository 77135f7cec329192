"""The demo pair as files, made once for each set of arguments."""

import hashlib
import json
from pathlib import Path

import numpy as np

from voxnas.audio.demo.arguments import VERSION, check_arguments
from voxnas.utils.errors import InputError
from voxnas.utils.files import replacing


def demo_pair(
    folder: str | Path,
    *,
    seconds: float = 40.0,
    sample_rate: int = 48_000,
    seed: int = 0,
    drive: float = 0.5,
    tone: float = 0.5,
    level: float = 0.5,
    compress: float = 0.0,
) -> tuple[Path, Path]:
    """Return `input.wav` and `target.wav` (24 bit) in a folder named by the arguments, made at need.

    Any number of processes may ask at once: each file appears whole or not at all, and whoever makes it makes
    the same.

    Raises:
        InputError: an argument is out of its range, or `folder` cannot be written.
    """
    knobs = {"drive": drive, "tone": tone, "level": level, "compress": compress}
    input_path, target_path = demo_paths(folder, seconds=seconds, sample_rate=sample_rate, seed=seed, **knobs)
    if not (input_path.is_file() and target_path.is_file()):
        from voxnas.audio.demo.rig import make_pair

        dry, wet = make_pair(seconds, sample_rate, seed, **knobs)
        write_wav(input_path, dry, sample_rate)
        write_wav(target_path, wet, sample_rate)
    return input_path, target_path


def demo_paths(
    folder: str | Path,
    *,
    seconds: float,
    sample_rate: int,
    seed: int,
    drive: float = 0.5,
    tone: float = 0.5,
    level: float = 0.5,
    compress: float = 0.0,
) -> tuple[Path, Path]:
    """The files of `demo_pair` for these arguments, made or not; InputError as there."""
    knobs = {"drive": drive, "tone": tone, "level": level, "compress": compress}
    check_arguments(seconds=seconds, sample_rate=sample_rate, seed=seed, **knobs)
    arguments = [VERSION, float(seconds), sample_rate, seed, float(drive), float(tone), float(level)]
    arguments += [float(compress)] if compress else []  # so that what was made before is found
    name = hashlib.sha256(json.dumps(arguments).encode()).hexdigest()[:16]
    return Path(folder) / name / "input.wav", Path(folder) / name / "target.wav"


def write_wav(path: Path, samples: np.ndarray, sample_rate: int) -> None:
    """Write a 24-bit WAV file atomically, making its folder.

    Not as floating point: such a file carries the time of writing, and equal pairs would have unequal hashes.

    Raises:
        InputError: the folder cannot be written.
    """
    import soundfile

    try:
        with replacing(path) as temporary:
            soundfile.write(temporary, samples, sample_rate, subtype="PCM_24")
    except (OSError, soundfile.SoundFileError) as error:
        raise InputError(f"cannot write {path}: {error}; choose another folder, or make room") from error
