"""Aligned, level-normalised copy of a pair of recordings.

The target, or both recordings, are multiplied by one gain each; nothing else is changed but the shift that
aligns them. Originals are never overwritten.
"""

from pathlib import Path
from typing import Literal

from voxnas.audio.checks import decibels
from voxnas.audio.files import write_audio
from voxnas.audio.normalize import level_gain
from voxnas.audio.pair import load_pair
from voxnas.utils.errors import InputError


def normalize_pair(
    input: str,
    target: str,
    output_dir: str,
    channel: int | None = None,
    target_channel: int | None = None,
    sample_rate: int | None = None,
    delay: int | Literal["auto"] = "auto",
    mode: Literal["peak", "rms"] = "peak",
    level_db: float = -1.0,
    apply_to: str = "target",
    subtype: str = "FLOAT",
) -> None:
    """Write the copies, and say what was done.

    Args:
        input, target, channel, target_channel, sample_rate, delay: see `load_pair`.
        output_dir: a folder other than the originals'.
        mode, level_db: see `level_gain`.
        apply_to: "target" or "both".
        subtype: libsndfile's, such as PCM_24.

    Raises:
        InputError: a pair that cannot be read, a level that would clip, copies that would replace originals.
    """
    if apply_to not in ("target", "both"):
        raise InputError(f"apply_to is {apply_to!r}; give target or both")
    sources = {"input": Path(input), "target": Path(target)}
    copies = {role: Path(output_dir) / f"{path.stem}.wav" for role, path in sources.items()}
    refuse_overwriting(list(sources.values()), list(copies.values()))
    pair = load_pair(
        input,
        target,
        channel=channel,
        target_channel=target_channel,
        sample_rate=sample_rate,
        delay=delay,
    )
    for finding in pair.findings:
        if finding.level != "ok":
            print(f"{finding.level}: {finding.message}")
    samples = {"input": pair.input, "target": pair.target}
    gains = dict.fromkeys(samples, 1.0)
    for role in samples if apply_to == "both" else ["target"]:
        gains[role] = level_gain(samples[role], mode, level_db)
    for role, path in copies.items():
        write_audio(path, samples[role] * samples[role].dtype.type(gains[role]), pair.sample_rate, subtype)
        seconds = len(samples[role]) / pair.sample_rate
        gain_db = decibels(gains[role])
        print(f"{role}: {path}: {seconds:.2f} s, {pair.sample_rate} Hz {subtype}, gain {gain_db:+.2f} dB")
    print(f"target was {pair.delay_samples} samples late; set data.delay=0 for these files")


def refuse_overwriting(sources: list[Path], copies: list[Path]) -> None:
    """Raise InputError if a copy would replace an original, or the other copy."""
    originals = {path.resolve() for path in sources}
    for copy in copies:
        if copy.resolve() in originals:
            raise InputError(f"{copy} is an original; choose another output_dir")
    if copies[0] == copies[1]:
        raise InputError(f"both recordings are called {copies[0].stem}; rename one")
