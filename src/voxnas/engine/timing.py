"""Result of a benchmark of one model at one block size."""

from dataclasses import dataclass

REALTIME_LIMIT = 0.8  # share of a block's duration; the rest is for the host and for other plug-ins


@dataclass(frozen=True)
class Timing:
    """Time per block in ms, one thread. `rtf` is the median's share of a block's duration: below 1 keeps up.

    The median, because a mean holds whatever else the machine did meanwhile; the mean, the 99th percentile
    and the worst block are there beside it. What was not measured, because another program or a cost model
    told the time, is None.
    """

    block_size: int  # samples
    sample_rate: int
    engine: str
    cpu_model: str
    cpu_flags: str  # vector instructions
    mean_ms: float
    median_ms: float
    rtf: float
    realtime_capable: bool  # rtf < .8
    p99_ms: float | None = None
    max_ms: float | None = None
    deadline_misses: int | None = None  # blocks that took longer than they last
    blocks: int | None = None  # timed, in all rounds
    round_medians_ms: tuple[float, ...] = ()  # each round's, in the order they were played
    spread: float | None = None  # (max - min) / median of the rounds that count
    threads: int = 1


def block_ms(block_size: int, sample_rate: int) -> float:
    """Duration of a block in ms."""
    return 1000 * block_size / sample_rate


def timing_of_rtf(
    rtf: float, block_size: int, sample_rate: int, engine: str, cpu_model: str, cpu_flags: str = ""
) -> Timing:
    """Timing of a model of which only the real-time factor is known."""
    time_ms = rtf * block_ms(block_size, sample_rate)
    return Timing(
        block_size=block_size,
        sample_rate=sample_rate,
        engine=engine,
        cpu_model=cpu_model,
        cpu_flags=cpu_flags,
        mean_ms=time_ms,
        median_ms=time_ms,
        rtf=rtf,
        realtime_capable=rtf < REALTIME_LIMIT,
    )
