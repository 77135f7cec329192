"""What a model costs on this CPU when it plays in blocks, as in a plug-in's audio thread."""

import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from voxnas.engine.base import StreamingEngine

BLOCK_SIZES = (512, 64)  # samples: a comfortable buffer, and a player's
REALTIME_LIMIT = 0.8  # share of a block's duration; the rest is for the host and for other plug-ins


@dataclass(frozen=True)
class Timing:
    """Time per block in ms. `rtf` is the median's share of a block's duration: below 1 keeps up.

    The median, because a mean holds whatever else the machine did meanwhile; the mean, the 99th percentile
    and the worst block are there beside it.
    """

    block_size: int  # samples
    blocks: int
    sample_rate: int
    mean_ms: float
    median_ms: float
    p99_ms: float
    max_ms: float
    rtf: float
    realtime_capable: bool  # rtf < .8
    engine: str
    threads: int
    cpu_model: str


def benchmark(
    engine: StreamingEngine,
    sample_rate: int,
    block_size: int = 512,
    blocks: int = 100,
    warmup_blocks: int = 20,
    min_seconds: float = 0.3,
    max_seconds: float = 30.0,
) -> Timing:
    """Time an engine on one thread of one CPU, block by block with its state carried.

    Plays at least `blocks` blocks of `block_size` samples after the warm-up and goes on until
    `min_seconds` have been measured, because a hundred small blocks are over before a busy machine has
    settled. Stops early after `max_seconds`, so that a hopeless model costs no more. The engine is reset
    before and after.
    """
    signal = guitar_like_noise(64 * block_size, sample_rate).reshape(64, block_size)
    with one_thread():
        engine.reset()
        for i in range(warmup_blocks):
            engine.process(signal[i % len(signal)])
        times_ms = _measure(engine, signal, blocks, min_seconds, max_seconds)
        engine.reset()
    median_ms = float(np.median(times_ms))
    rtf = median_ms / (1000 * block_size / sample_rate)
    return Timing(
        block_size=block_size,
        blocks=len(times_ms),
        sample_rate=sample_rate,
        mean_ms=float(np.mean(times_ms)),
        median_ms=median_ms,
        p99_ms=float(np.percentile(times_ms, 99)),
        max_ms=float(np.max(times_ms)),
        rtf=rtf,
        realtime_capable=rtf < REALTIME_LIMIT,
        engine=engine.name,
        threads=1,
        cpu_model=cpu_model(),
    )


def benchmark_blocks(
    engine: StreamingEngine, sample_rate: int, block_sizes: Sequence[int] = BLOCK_SIZES, blocks: int = 100
) -> list[Timing]:
    """`benchmark` for each block size, in the order given."""
    return [benchmark(engine, sample_rate, size, blocks) for size in block_sizes]


def _measure(
    engine: StreamingEngine,
    signal: NDArray[np.float32],
    blocks: int,
    min_seconds: float,
    max_seconds: float,
) -> list[float]:
    times_ms: list[float] = []
    elapsed = 0.0
    while (len(times_ms) < blocks or elapsed < min_seconds) and elapsed < max_seconds:
        block = signal[len(times_ms) % len(signal)]
        start = perf_counter()
        engine.process(block)
        seconds = perf_counter() - start
        elapsed += seconds
        times_ms.append(1000 * seconds)
    return times_ms


def guitar_like_noise(samples: int, sample_rate: int, seed: int = 0) -> NDArray[np.float32]:
    """Noise with a guitar's fall towards the treble, struck four times a second; peak .5."""
    noise = np.fft.rfft(np.random.default_rng(seed).standard_normal(samples))
    frequency_hz = np.fft.rfftfreq(samples, 1 / sample_rate)
    signal = np.fft.irfft(noise / (1 + (frequency_hz / 800) ** 2), samples)
    since_stroke_s = np.arange(samples) / sample_rate % 0.25
    signal *= np.exp(-6 * since_stroke_s)
    return (0.5 * signal / np.abs(signal).max()).astype(np.float32)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep PyTorch to one thread and, where the system can, this thread to one CPU; undone afterwards."""
    threads = torch.get_num_threads()
    cpus = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
    torch.set_num_threads(1)
    if cpus:  # by process, so that benchmarks side by side tend to different CPUs
        os.sched_setaffinity(0, {sorted(cpus)[os.getpid() % len(cpus)]})
    try:
        yield
    finally:
        if cpus:
            os.sched_setaffinity(0, cpus)
        torch.set_num_threads(threads)


def cpu_model() -> str:
    """The CPU's name as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
