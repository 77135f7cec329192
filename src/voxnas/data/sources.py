"""The kinds of recordings that configs/data offers, each as a data module."""

from functools import partial
from pathlib import Path
from typing import Any

from voxnas.data.datamodule import PairDataModule


def amp_pair(
    input: str,
    target: str,
    sample_rate: int | None = None,
    *,
    segment_length: int = 8192,
    batch_size: int = 8,
    seed: int = 0,
    **options: Any,
) -> PairDataModule:
    """A user's own pair; `options` as `load_amp_pair`. Raises InputError if the input cannot be read."""
    from voxnas.audio.files import file_sample_rate
    from voxnas.data.amp_pair import load_amp_pair

    load = partial(load_amp_pair, input, target, sample_rate=sample_rate, **options)
    rate = sample_rate or file_sample_rate(input)
    return PairDataModule(load, rate, segment_length, batch_size, seed)


def nam_reamp(
    input: str,
    target: str,
    *,
    segment_length: int = 8192,
    batch_size: int = 8,
    seed: int = 0,
    **options: Any,
) -> PairDataModule:
    """A re-amped take of the plug-in trainer's standard recording; `options` as `load_nam_reamp`."""
    from voxnas.audio.files import file_sample_rate
    from voxnas.data.nam_reamp import load_nam_reamp

    load = partial(load_nam_reamp, input, target, **options)
    return PairDataModule(load, file_sample_rate(input), segment_length, batch_size, seed)


def demo(
    folder: str,
    sample_rate: int = 48000,
    demo_seed: int = 0,
    *,
    segment_length: int = 8192,
    batch_size: int = 8,
    seed: int = 0,
    **options: Any,
) -> PairDataModule:
    """The demo pair, made on first use in `folder`; `options` as `load_demo`."""
    from voxnas.data.demo import load_demo

    load = partial(load_demo, Path(folder), sample_rate=sample_rate, seed=demo_seed, **options)
    return PairDataModule(load, sample_rate, segment_length, batch_size, seed)
