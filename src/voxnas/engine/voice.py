"""Time that voices take: instruments that ring by themselves, block by block, on one thread."""

from time import perf_counter

import numpy as np

from voxnas.kernels.string_voice import Voice

WARMUP_BLOCKS = 20


def block_seconds(voices: list[Voice], block_size: int, blocks: int) -> list[float]:
    """Seconds that each block of so many ringing voices takes together."""
    rng, found = np.random.default_rng(0), []
    for voice in voices:
        voice.reset()
        exciter = 0.1 * rng.standard_normal((voice.form.lines, round(voice.form.period)))
        voice.strike(exciter.astype(np.float32))
    for number in range(WARMUP_BLOCKS + blocks):
        out = np.zeros(block_size, np.float32)
        began = perf_counter()
        for voice in voices:
            voice.process(out)
        if number >= WARMUP_BLOCKS:
            found.append(perf_counter() - began)
    return found
