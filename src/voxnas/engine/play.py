"""Playing a whole recording or a sound file through an engine, in blocks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
import soundfile
from numpy.typing import NDArray

from voxnas.engine.base import StreamingEngine
from voxnas.utils.errors import InputError
from voxnas.utils.files import replacing

BLOCK = 2**16  # samples: bounds the memory, and is long enough that the overhead of a block does not show
INTEGER_SUBTYPES = ("PCM_16", "PCM_24", "PCM_32", "PCM_S8", "PCM_U8")


@dataclass(frozen=True)
class Rendering:
    """What `render` wrote: `samples` at `sample_rate` Hz, peak of full scale, in `seconds` of computing."""

    path: Path
    samples: int
    sample_rate: int
    peak: float
    seconds: float
    notices: list[str] = field(default_factory=list)


def play(engine: StreamingEngine, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The engine's answer to `(samples,)`, from silence on, in as many samples."""
    engine.reset()
    blocks = [engine.process(samples[start : start + BLOCK]) for start in range(0, len(samples), BLOCK)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def render(
    engine: StreamingEngine,
    source: str | Path,
    destination: str | Path,
    *,
    sample_rate: int | None = None,
    channel: int | None = None,
    resample: bool = False,
    subtype: str | None = None,
) -> Rendering:
    """Play a sound file of any length through an engine into a mono file of the same length and rate.

    Args:
        sample_rate: the model's, in Hz; None if it is not known.
        channel: counts from 0; None for the only or the louder one.
        resample: play a file of another rate at the model's, and bring the result back to the file's.
            Only then does the whole file lie in memory.
        subtype: libsndfile's, such as PCM_24; None for 32-bit float where the format has it.

    Raises:
        InputError: the input cannot be read or has another rate than the model, the output cannot be written.
    """
    source, destination = Path(source), Path(destination)
    if not source.is_file():
        raise InputError(f"{source}: no such file; check the path")
    if destination.exists() and destination.samefile(source):
        raise InputError(f"{destination}: is the input itself; give the output another name")
    start = perf_counter()
    with _open(source) as file:
        _check_rate(source, file.samplerate, sample_rate, resample)
        chosen, notices = _choose_channel(source, file, channel)
        blocks = _blocks(source, file, chosen)
        if sample_rate in (None, file.samplerate):
            played = _played(engine, blocks)
        else:
            played = _played_resampled(engine, blocks, file.samplerate, int(sample_rate or 0))
        peak, subtype = _write(played, destination, file.samplerate, subtype)
        samples, rate = file.frames, file.samplerate
    if peak > 1 and subtype in INTEGER_SUBTYPES:
        notices.append(
            f"{destination}: clipped, its peak of {peak:.2f} is over full scale; use subtype=FLOAT"
        )
    return Rendering(destination, samples, rate, peak, perf_counter() - start, notices)


def _open(source: Path) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(source)
    except soundfile.LibsndfileError as error:
        raise _unreadable(source, error) from error


def _check_rate(source: Path, rate: int, model_rate: int | None, resample: bool) -> None:
    if model_rate not in (None, rate) and not resample:
        raise InputError(
            f"{source}: has {rate} Hz, the model {model_rate} Hz; add resample=true to convert there and back"
        )


def _choose_channel(source: Path, file: soundfile.SoundFile, channel: int | None) -> tuple[int, list[str]]:
    if file.frames == 0:
        raise InputError(f"{source}: holds no audio")
    if channel is not None and not 0 <= channel < file.channels:
        raise InputError(f"{source}: no channel {channel}; it has {file.channels}, counted from 0")
    if channel is not None or file.channels == 1:
        return channel or 0, []
    energy = sum(np.square(block, dtype=np.float64).sum(axis=0) for block in _raw_blocks(source, file))
    file.seek(0)
    louder = int(np.argmax(energy))
    return louder, [f"{source}: of {file.channels} channels the louder, {louder} (from 0), is played"]


def _raw_blocks(source: Path, file: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
    try:
        yield from file.blocks(BLOCK, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise _unreadable(source, error) from error


def _unreadable(source: Path, error: soundfile.LibsndfileError) -> InputError:
    reason = error.error_string.rstrip(".")
    return InputError(f"{source}: cannot be read as audio ({reason}); give a WAV, FLAC or AIFF file")


def _blocks(source: Path, file: soundfile.SoundFile, channel: int) -> Iterator[NDArray[np.float32]]:
    read = 0
    for frames in _raw_blocks(source, file):
        block = frames[:, channel]
        if not np.isfinite(block).all():  # it would stay in the state for ever
            raise InputError(
                f"{source}: holds NaN or infinity near {read / file.samplerate:.1f} s; export it again"
            )
        read += len(block)
        yield block
    if read < file.frames:
        raise InputError(f"{source}: cut short, {read} of {file.frames} frames are there; copy it again")


def _played(engine: StreamingEngine, blocks: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    engine.reset()
    yield from map(engine.process, blocks)


def _played_resampled(
    engine: StreamingEngine, blocks: Iterator[NDArray[np.float32]], rate: int, model_rate: int
) -> Iterator[NDArray[np.float32]]:
    from voxnas.audio.resample import resample

    samples = np.concatenate(list(blocks))
    output = resample(play(engine, resample(samples, rate, model_rate)), model_rate, rate)[: len(samples)]
    yield np.pad(output, (0, len(samples) - len(output)))


def _write(
    blocks: Iterator[NDArray[np.float32]], path: Path, rate: int, subtype: str | None
) -> tuple[float, str]:
    """Write beside the path and move it there at the end; return the peak and the subtype."""
    kind = path.suffix.lstrip(".").upper()
    if kind not in soundfile.available_formats():
        raise InputError(
            f"{path}: {path.suffix or 'no suffix'} is not a sound file's; use .wav, .flac or .aiff"
        )
    subtype = subtype or ("FLOAT" if soundfile.check_format(kind, "FLOAT") else "PCM_24")
    if not soundfile.check_format(kind, subtype):
        raise InputError(f"{path}: a {kind} file cannot hold {subtype}; leave subtype out or choose another")
    peak = 0.0
    try:
        with (
            replacing(path) as temporary,
            soundfile.SoundFile(temporary, "w", rate, 1, subtype, format=kind) as file,
        ):
            for block in blocks:
                peak = max(peak, float(np.abs(block).max(initial=0)))
                file.write(block)
    except (OSError, soundfile.LibsndfileError) as error:
        raise InputError(f"{path}: cannot be written ({error})") from error
    return peak, subtype
