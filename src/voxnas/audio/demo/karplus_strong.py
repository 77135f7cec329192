"""A plucked string by extended Karplus-Strong synthesis, one period of samples at a time."""

import numpy as np
from scipy.signal import lfilter

PICK_POSITION = 0.13
PICKUP_POSITION = 0.22
BRIGHT_HZ = 4000.0
RELEASE_S = 0.06
SCRAPE = 0.12  # pick noise, relative to the pluck


def pluck(
    frequency_hz: float,
    seconds: float,
    sample_rate: int,
    rng: np.random.Generator,
    *,
    velocity: float = 0.7,
    muted: bool = False,
) -> np.ndarray:
    """Return one note as the pickup's magnets see it, `seconds` long and then damped by the hand.

    The string is a delay line of one period closed through a loss filter and a fractional delay, excited by a
    pick of finite width at `PICK_POSITION` and heard at `PICKUP_POSITION` (parts of the string's length from
    the bridge). `velocity` (0 to 1) sets loudness and brightness; `muted` damps with the palm.

    Source: Jaffe and Smith, "Extensions of the Karplus-Strong Plucked-String Algorithm", Computer Music
    Journal 7(2), 1983.
    """
    held = round(seconds * sample_rate)
    release = round(RELEASE_S * sample_rate)
    decay_s, bright_decay_s = (0.35, 0.06) if muted else (6.0 * (82.4 / frequency_hz) ** 0.5, 0.5)
    excitation = _excitation(sample_rate / frequency_hz, sample_rate, rng, velocity, muted)
    ringing = _loop(frequency_hz, sample_rate, decay_s, bright_decay_s)
    damped = _loop(frequency_hz, sample_rate, RELEASE_S, RELEASE_S / 2)
    out = np.zeros(max(held + release, len(excitation)))
    out[: len(excitation)] = excitation
    _vibrate(out, [(0, ringing), (held, damped)], int(sample_rate / frequency_hz - 2))
    out = out[: held + release]
    # The hand leaves the last hundredths of a second at -60 dB; fade them so that nothing steps.
    out[held:] *= np.linspace(1, 0, release)
    return out


def _excitation(
    period: float, sample_rate: int, rng: np.random.Generator, velocity: float, muted: bool
) -> np.ndarray:
    """Return the pluck's velocity wave: a box as long as the way from pick to bridge, and some scrape."""
    size = int(period) + 1
    wave = np.zeros(size + max(1, round(PICKUP_POSITION * period)))
    wave[: max(1, round(PICK_POSITION * period))] = 1.0
    wave[:size] += SCRAPE * rng.standard_normal(size)
    # The pickup hears the wave and its inverted reflection from the bridge: a comb, with a zero at DC.
    reflection = np.zeros_like(wave)
    reflection[len(wave) - size :] = wave[:size]
    cutoff_hz = (900.0 if muted else 1500.0) * 6.0**velocity
    pole = np.exp(-2 * np.pi * cutoff_hz / sample_rate)
    return velocity * lfilter([1 - pole], [1, -pole], wave - reflection)


def _loop(frequency_hz: float, sample_rate: int, decay_s: float, bright_decay_s: float) -> np.ndarray:
    """Return the loop's six taps: loss (60 dB in `decay_s`, in `bright_decay_s` at 4 kHz) and tuning.

    The loss filter is symmetric, so that it delays every partial by exactly one sample and the note is in
    tune; a cubic Lagrange interpolator adds the part of the period that is no whole sample.
    """
    gain = 10 ** (-3 / (frequency_hz * decay_s))
    bright_gain = 10 ** (-3 / frequency_hz * (1 / bright_decay_s - 1 / decay_s))
    side = min((1 - bright_gain) / (2 - 2 * np.cos(2 * np.pi * BRIGHT_HZ / sample_rate)), 0.35)
    period = sample_rate / frequency_hz
    delay = period - 1 - int(period - 2)  # 1 to 2 samples, where the interpolator is most exact
    taps = [
        np.prod([(delay - other) / (tap - other) for other in range(4) if other != tap]) for tap in range(4)
    ]
    return np.convolve(gain * np.array([side, 1 - 2 * side, side]), taps)


def _vibrate(out: np.ndarray, loops: list[tuple[int, np.ndarray]], delay: int) -> None:
    """Run y[n] = x[n] + sum_k loop[k] y[n - delay - k] in place, `delay` samples at a time.

    `loops` are the taps and the samples from which they hold.
    """
    line = np.concatenate([np.zeros(delay + 5), out])
    for index, (begin, loop) in enumerate(loops):
        end = loops[index + 1][0] if index + 1 < len(loops) else len(out)
        for start in range(begin, end, delay):
            stop = min(start + delay, end)
            line[delay + 5 + start : delay + 5 + stop] += np.convolve(line[start : stop + 5], loop, "valid")
    out[:] = line[delay + 5 :]
