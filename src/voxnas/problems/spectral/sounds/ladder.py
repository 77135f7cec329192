"""The Moog ladder: four one-pole low-passes with saturation, and feedback around them."""

from collections.abc import Callable

import numpy as np
from scipy.signal import resample_poly

LOWEST_HZ, HIGHEST = 20.0, 0.45  # of a cutoff; the highest as a share of the rate
MOST_RESONANCE = 0.99
FULL_FEEDBACK = 4.0  # at which the linear ladder oscillates
NEWTON_STEPS = 3

Ladder = Callable[[np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]


def limited(cutoff_hz: np.ndarray, resonance: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Cutoffs and resonances within what a ladder takes."""
    return (
        np.clip(cutoff_hz, LOWEST_HZ, HIGHEST * sample_rate),
        np.clip(resonance, 0.0, MOST_RESONANCE),
    )


def unit_delay(x: np.ndarray, cutoff_hz: np.ndarray, resonance: np.ndarray, sample_rate: int) -> np.ndarray:
    """Ladder as the VIMH format's own generator has it, for sets of the same bytes.

    Its feedback comes a sample late, and its poles are those of a one-pole of two; `implicit` is one that is
    solved.

    Args:
        x: notes `(n, samples)`.
        cutoff_hz: `(n, 1)` or `(n, samples)`.
        resonance: `(n, 1)`, 0 to 1.
        sample_rate: in Hz.
    """
    cutoff_hz, resonance = limited(cutoff_hz, resonance, sample_rate)
    pole = 1 / (1 + 2 * np.tan(np.pi * np.broadcast_to(cutoff_hz, x.shape) / sample_rate))
    feedback = FULL_FEEDBACK * resonance[:, 0]
    states = np.zeros((4, len(x)))
    out, last = np.empty(x.shape[::-1]), np.zeros(len(x))
    for t, (sample, a) in enumerate(zip(x.T, pole.T.copy(), strict=True)):
        u = sample - feedback * last
        for i in range(4):
            states[i] = (1 - a) * u + a * states[i]
            u = np.tanh(states[i])
        out[t] = last = u
    return out.T


def implicit(
    x: np.ndarray, cutoff_hz: np.ndarray, resonance: np.ndarray, sample_rate: int, oversampling: int = 4
) -> np.ndarray:
    """Ladder by its differential equations, integrated by the trapezoidal rule at a higher rate.

    dy_i/dt = ω (tanh y_{i-1} - tanh y_i), y_0 = x - 4 r y_4, without a delay in the loop: each step is solved
    by Newton's iteration, whose matrix is bidiagonal with one corner. Source: Huovilainen, "Non-linear
    digital implementation of the Moog ladder filter", DAFx 2004; delay-free as in D'Angelo and Välimäki,
    "Generalized Moog ladder filter", IEEE/ACM TASLP 22(12), 2014. Arguments as of `unit_delay`.
    """
    cutoff_hz, resonance = limited(cutoff_hz, resonance, sample_rate)
    rate = oversampling * sample_rate
    high = resample_poly(x, oversampling, 1, axis=1) if oversampling > 1 else x
    cutoffs = np.repeat(np.broadcast_to(cutoff_hz, x.shape), oversampling, axis=1)
    half_step = np.tan(np.pi * cutoffs / rate)  # ω T / 2, bent so that the cutoff stays where it is
    feedback = FULL_FEEDBACK * resonance[:, 0]
    y, slope = np.zeros((4, len(x))), np.zeros((4, len(x)))
    out = np.empty(high.shape[::-1])
    for t, (sample, g) in enumerate(zip(high.T, half_step.T.copy(), strict=True)):
        y, slope = _step(y, y + g * slope, sample, g, feedback)
        out[t] = y[3]
    low = resample_poly(out.T, 1, oversampling, axis=1) if oversampling > 1 else out.T
    return low[:, : x.shape[1]]


def _step(
    start: np.ndarray, known: np.ndarray, sample: np.ndarray, g: np.ndarray, feedback: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Solve y_i - g (tanh u_i - tanh y_i) = known_i for y; return it and its slope over ω."""
    y = start
    for _ in range(NEWTON_STEPS):
        bent, first = np.tanh(y), np.tanh(sample - feedback * y[3])
        before = np.concatenate([first[None], bent[:3]])
        error = y - known - g * (before - bent)
        diagonal = 1 + g * (1 - bent**2)
        below, corner = g * (1 - bent[:3] ** 2), g * feedback * (1 - first**2)
        # each step as a + b × the last one's, which closes the loop
        a, b = -error[0] / diagonal[0], -corner / diagonal[0]
        steps = [(a, b)]
        for i in range(1, 4):
            a, b = (below[i - 1] * a - error[i]) / diagonal[i], below[i - 1] * b / diagonal[i]
            steps.append((a, b))
        last = a / (1 - b)
        y = y + np.stack([a + b * last for a, b in steps])
    bent = np.tanh(y)
    before = np.concatenate([np.tanh(sample - feedback * y[3])[None], bent[:3]])
    return y, before - bent


LADDERS: dict[str, Ladder] = {"unit_delay": unit_delay, "implicit": implicit}
