"""The kinds of recordings that configs/data offers, each as a data module."""

import logging
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from voxnas.problems.amp.data.amp_pair import Recording
from voxnas.problems.amp.data.datamodule import PairDataModule

log = logging.getLogger(__name__)


def amp_pair(
    input: str,
    target: str,
    sample_rate: int | None = None,
    *,
    segment_length: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    **options: Any,
) -> PairDataModule:
    """A user's own pair; `options` as `load_amp_pair`. Raises InputError if the input cannot be read."""
    from voxnas.audio.files import file_sample_rate
    from voxnas.problems.amp.data.amp_pair import load_amp_pair

    load = partial(_load, load_amp_pair, input, target, sample_rate=sample_rate, **options)
    rate = sample_rate or file_sample_rate(input)
    return PairDataModule(load, rate, segment_length, batch_size, seed)


def nam_reamp(
    input: str,
    target: str,
    *,
    segment_length: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    **options: Any,
) -> PairDataModule:
    """A re-amped take of the plug-in trainer's standard recording; `options` as `load_nam_reamp`."""
    from voxnas.audio.files import file_sample_rate
    from voxnas.problems.amp.data.nam_reamp import load_nam_reamp

    load = partial(_load, load_nam_reamp, input, target, **options)
    return PairDataModule(load, file_sample_rate(input), segment_length, batch_size, seed)


def demo(
    folder: str,
    sample_rate: int = 48000,
    demo_seed: int = 0,
    *,
    segment_length: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    **options: Any,
) -> PairDataModule:
    """The demo pair, made on first use in `folder`; `options` as `load_demo`."""
    from voxnas.problems.amp.data.demo import load_demo

    load = partial(_load, load_demo, Path(folder), sample_rate=sample_rate, seed=demo_seed, **options)
    return PairDataModule(load, sample_rate, segment_length, batch_size, seed)


@lru_cache(maxsize=1)
def _load(loader: Callable[..., Recording], *files: str | Path, **options: Any) -> Recording:
    """Reads and checks a pair once for all candidates of a sweep; says what the user should know of it."""
    recording = loader(*files, **options)
    for finding in (*recording.pair.findings, *recording.sections.findings):
        if finding.level in ("notice", "warning"):
            log.warning("%s: %s", finding.level, finding.message)
    return recording
