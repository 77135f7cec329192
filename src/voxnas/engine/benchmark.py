"""CPU cost of a model that plays in blocks, as in a plug-in's audio thread, measured on this machine."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from voxnas.engine.base import StreamingEngine
from voxnas.engine.rounds import lowest, spread
from voxnas.engine.timing import REALTIME_LIMIT, Timing, block_ms
from voxnas.records.identity import cpu_flags, cpu_model

BLOCK_SIZES = (512, 256, 128, 64, 32)  # samples: a comfortable buffer first, a player's among the others
ROUNDS, MAX_ROUNDS, MAX_SPREAD = 3, 9, 0.05
MIN_SECONDS = 0.12  # per block size
WARMUP_SECONDS = 0.1  # at most: a hopeless model needs no warming
SIGNAL_BLOCKS = 64


def benchmark(
    engine: StreamingEngine,
    sample_rate: int,
    block_size: int = 512,
    blocks: int = 100,
    warmup_blocks: int = 20,
    min_seconds: float = 0.3,
    max_seconds: float = 30.0,
) -> Timing:
    """Time an engine at one block size, in one round; see `side_by_side`."""
    ((timing,),) = side_by_side(
        [engine],
        [sample_rate],
        [block_size],
        blocks,
        warmup_blocks=warmup_blocks,
        min_seconds=min_seconds,
        max_seconds=max_seconds,
        rounds=1,
        max_rounds=1,
    )
    return timing


def benchmark_blocks(
    engine: StreamingEngine,
    sample_rate: int,
    block_sizes: Sequence[int] = BLOCK_SIZES,
    blocks: int = 100,
    min_seconds: float = MIN_SECONDS,
) -> list[Timing]:
    """Time an engine at each block size, in the order given; see `side_by_side`."""
    return side_by_side([engine], [sample_rate], block_sizes, blocks, min_seconds=min_seconds)[0]


def side_by_side(
    engines: Sequence[StreamingEngine],
    sample_rates: Sequence[int],
    block_sizes: Sequence[int] = BLOCK_SIZES,
    blocks: int = 100,
    *,
    warmup_blocks: int = 20,
    min_seconds: float = MIN_SECONDS,
    max_seconds: float = 4.0,
    rounds: int = ROUNDS,
    max_rounds: int = MAX_ROUNDS,
    max_spread: float = MAX_SPREAD,
) -> list[list[Timing]]:
    """Time engines at several block sizes on one thread of one CPU: per engine, a timing per block size.

    Every round plays each engine at each block size in turn, with its state carried, so that other load on
    the machine meets all alike. An engine at a block size plays at least `blocks` blocks and `min_seconds` in
    `rounds` rounds, each after a warm-up, and no longer than `max_seconds`, so that a hopeless model costs no
    more. Where the rounds' medians lie further apart than `max_spread`, further rounds follow, up to
    `max_rounds`; see `lowest` for those that make the figure. Mean, p99, worst block and deadline misses
    are of all rounds. The engines are reset before and after.
    """
    cases = [
        _Case(engine, rate, size)
        for (engine, rate), size in product(zip(engines, sample_rates, strict=True), block_sizes)
    ]
    share = (-(-blocks // rounds), min_seconds / rounds, max_seconds / rounds)
    with one_thread():
        for engine in engines:
            engine.reset()
        for _ in range(rounds):
            for case in cases:
                case.play_round(warmup_blocks, *share)
        for _ in range(max_rounds - rounds):
            for case in cases:
                if case.is_noisy(rounds, max_spread) and case.seconds < max_seconds:
                    case.play_round(warmup_blocks, *share)
        for engine in engines:
            engine.reset()
    timings = iter([case.timing(rounds) for case in cases])
    return [[next(timings) for _ in block_sizes] for _ in engines]


class _Case:
    """Measurement of one engine at one block size, with the times of its rounds."""

    def __init__(self, engine: StreamingEngine, sample_rate: int, block_size: int) -> None:
        self._engine, self._sample_rate, self._block_size = engine, sample_rate, block_size
        signal = guitar_like_noise(SIGNAL_BLOCKS * block_size, sample_rate)
        self._signal = signal.reshape(SIGNAL_BLOCKS, block_size)
        self._rounds_ms: list[list[float]] = []
        self._played = 0

    @property
    def seconds(self) -> float:
        """Measured so far."""
        return sum(map(sum, self._rounds_ms)) / 1000

    def play_round(self, warmup_blocks: int, blocks: int, min_seconds: float, max_seconds: float) -> None:
        """Times `blocks` blocks and `min_seconds`, or more, but little over `max_seconds`; at least one."""
        warm_s = 0.0
        for _ in range(warmup_blocks):
            if warm_s < WARMUP_SECONDS:
                warm_s += self._next_block()
        times_ms: list[float] = []
        elapsed = 0.0
        while not times_ms or (elapsed < max_seconds and (len(times_ms) < blocks or elapsed < min_seconds)):
            seconds = self._next_block()
            elapsed += seconds
            times_ms.append(1000 * seconds)
        self._rounds_ms.append(times_ms)

    def _next_block(self) -> float:
        block = self._signal[self._played % SIGNAL_BLOCKS]
        self._played += 1
        start = perf_counter()
        self._engine.process(block)
        return perf_counter() - start

    def _medians_ms(self) -> list[float]:
        return [float(np.median(times_ms)) for times_ms in self._rounds_ms]

    def is_noisy(self, rounds: int, max_spread: float) -> bool:
        return spread(lowest(self._medians_ms(), rounds)) > max_spread

    def timing(self, rounds: int) -> Timing:
        times_ms = np.concatenate([np.asarray(times_ms) for times_ms in self._rounds_ms])
        medians_ms = self._medians_ms()
        best_ms = lowest(medians_ms, rounds)
        median_ms, deadline_ms = float(np.median(best_ms)), block_ms(self._block_size, self._sample_rate)
        return Timing(
            block_size=self._block_size,
            sample_rate=self._sample_rate,
            engine=self._engine.name,
            cpu_model=cpu_model(),
            cpu_flags=cpu_flags(),
            mean_ms=float(times_ms.mean()),
            median_ms=median_ms,
            rtf=median_ms / deadline_ms,
            realtime_capable=median_ms / deadline_ms < REALTIME_LIMIT,
            p99_ms=float(np.percentile(times_ms, 99)),
            max_ms=float(times_ms.max()),
            deadline_misses=int((times_ms > deadline_ms).sum()),
            blocks=len(times_ms),
            round_medians_ms=tuple(medians_ms),
            spread=spread(best_ms),
        )


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
    torch.set_num_threads(1)
    try:
        with _one_cpu():
            yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _one_cpu() -> Iterator[None]:
    if sys.platform != "linux":
        yield
        return
    cpus = os.sched_getaffinity(0)
    # by process, so that benchmarks side by side tend to different CPUs
    os.sched_setaffinity(0, {sorted(cpus)[os.getpid() % len(cpus)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cpus)
