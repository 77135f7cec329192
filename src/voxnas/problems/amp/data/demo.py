"""The demo pair as a recording to train on."""

from pathlib import Path

from voxnas.audio.demo.cache import demo_pair
from voxnas.problems.amp.data.amp_pair import Recording, load_amp_pair


def load_demo(
    folder: str | Path,
    seconds: float = 40.0,
    sample_rate: int = 48_000,
    seed: int = 0,
    drive: float = 0.5,
    tone: float = 0.5,
    level: float = 0.5,
    compress: float = 0.0,
    train: float = 0.7,
    val: float = 0.15,
    test: float = 0.15,
) -> Recording:
    """Return the demo pair for these arguments, made in seconds on first use and kept under `folder`.

    `train`, `val` and `test` are as `load_amp_pair` takes them. The pair is aligned by its making: no delay
    is looked for.

    Raises:
        InputError: an argument is out of its range, or `folder` cannot be written.
    """
    knobs = {"drive": drive, "tone": tone, "level": level, "compress": compress}
    source, target = demo_pair(folder, seconds=seconds, sample_rate=sample_rate, seed=seed, **knobs)
    return load_amp_pair(source, target, delay=0, train=train, val=val, test=test)
