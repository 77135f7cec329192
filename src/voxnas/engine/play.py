"""Playing a whole recording or a sound file through an engine, in blocks."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from voxnas.audio.streams import BLOCK, SoundSource, check_format, open_source, write_blocks
from voxnas.engine.base import StreamingEngine
from voxnas.utils.errors import InputError

Blocks = Iterator[NDArray[np.float32]]


@dataclass(frozen=True)
class Rendering:
    """Result of `render`: `samples` at `sample_rate` Hz, `peak` of full scale, `seconds` of computing."""

    path: Path
    samples: int
    sample_rate: int
    peak: float
    seconds: float
    notices: list[str] = field(default_factory=list)


def play(
    engine: StreamingEngine, samples: NDArray[np.float32], delay_samples: int = 0
) -> NDArray[np.float32]:
    """Output of the engine for `(samples,)`, from silence on, in as many samples.

    Where the network is late by `delay_samples`, its output is moved into place.
    """
    engine.reset()
    blocks = (samples[start : start + BLOCK] for start in range(0, len(samples), BLOCK))
    return np.concatenate([np.zeros(0, np.float32), *_in_place(engine, blocks, delay_samples)])


def render(
    engine: StreamingEngine,
    source: str | Path,
    destination: str | Path,
    *,
    sample_rate: int | None = None,
    channel: int | None = None,
    resample: bool = True,
    subtype: str | None = None,
    delay_samples: int = 0,
    on_progress: Callable[[float], None] | None = None,
) -> Rendering:
    """Play a sound file of any length through an engine into a mono file of the same length and rate.

    Memory does not grow with the file: it is read, converted, played, converted back and written in blocks.

    Args:
        sample_rate: the model's, in Hz; None if it is not known.
        channel: counts from 0; None for the only or the louder one.
        resample: play a file of another rate at the model's, and bring the result back to the file's;
            otherwise such a file is refused.
        subtype: libsndfile's, such as PCM_24; None for 32-bit float where the format has it.
        delay_samples: by which the network is late; its output is moved into place.
        on_progress: called after each block with the share that is done, 0 to 1.

    Raises:
        InputError: the input cannot be read or played at its rate, the output cannot be written.
    """
    source, destination = Path(source), Path(destination)
    if destination.exists() and source.is_file() and destination.samefile(source):
        raise InputError(f"{destination}: is the input itself; give the output another name")
    check_format(destination, subtype)  # before the input is read for its louder channel
    start = perf_counter()
    with open_source(source, channel) as sound:
        model_rate = sample_rate or sound.sample_rate
        notices = [*sound.notices, *_conversion(sound, model_rate, resample)]
        played = _reported(_played(engine, sound, model_rate, delay_samples), sound.frames, on_progress)
        done = write_blocks(played, destination, sound.sample_rate, subtype, sound.frames)
    notices += done.notices
    return Rendering(destination, done.samples, sound.sample_rate, done.peak, perf_counter() - start, notices)


def _conversion(sound: SoundSource, model_rate: int, resample: bool) -> list[str]:
    """Notice that the rates differ, if they do; InputError if they may not."""
    if sound.sample_rate == model_rate:
        return []
    what = f"{sound.path}: has {sound.sample_rate} Hz, the model {model_rate} Hz"
    if not resample:
        raise InputError(f"{what}; leave resample=false out to convert there and back")
    return [f"{what}: converted there and back"]


def _played(engine: StreamingEngine, sound: SoundSource, model_rate: int, delay_samples: int) -> Blocks:
    from voxnas.audio.resample import resample_blocks

    engine.reset()
    converted = resample_blocks(sound.blocks(), sound.sample_rate, model_rate)
    played = _in_place(engine, converted, delay_samples)
    return _first(sound.frames, resample_blocks(played, model_rate, sound.sample_rate))


def _in_place(engine: StreamingEngine, blocks: Iterable[NDArray[np.float32]], delay_samples: int) -> Blocks:
    """Output for the blocks and for silence after them, without the first `delay_samples`."""
    late = delay_samples
    for block in chain(blocks, [np.zeros(delay_samples, np.float32)]):
        answer = engine.process(block)[late:]
        late -= min(late, len(block))
        if len(answer):
            yield answer


def _first(samples: int, blocks: Iterable[NDArray[np.float32]]) -> Blocks:
    """First `samples` of the blocks: resampling there and back rounds up."""
    for block in blocks:
        yield block[:samples]
        samples -= min(samples, len(block))


def _reported(blocks: Blocks, samples: int, on_progress: Callable[[float], None] | None) -> Blocks:
    done = 0
    for block in blocks:
        yield block
        done += len(block)
        if on_progress:
            on_progress(done / samples)
