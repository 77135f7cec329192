"""A recording so small that it trains in a second: decaying notes through a static nonlinearity."""

import numpy as np

RATE = 8000
SAMPLES = 3 * RATE


def dry_signal() -> np.ndarray:
    """3 s of decaying notes with a little noise, float32."""
    random = np.random.default_rng(0)
    time_s = np.arange(SAMPLES) / RATE
    since_stroke_s = time_s % 0.3
    notes = random.uniform(80, 600, size=10).repeat(SAMPLES // 10)
    tone = np.sin(2 * np.pi * notes * since_stroke_s) + 0.3 * np.sin(4 * np.pi * notes * since_stroke_s)
    return (0.4 * tone * np.exp(-4 * since_stroke_s) + 0.02 * random.standard_normal(SAMPLES)).astype("f4")


def amp(dry: np.ndarray) -> np.ndarray:
    """A static nonlinearity and a two-tap filter: easy to learn, not linear."""
    bent = np.tanh(3 * dry + 0.2) - np.tanh(0.2)
    filtered = 0.5 * bent + 0.2 * np.concatenate([[0], bent[:-1]])
    return (filtered - filtered.mean()).astype("f4")
