"""Pictures of a pair: waveforms, spectra, level histogram, delay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from voxnas.audio.align import Delay
from voxnas.audio.checks import decibels
from voxnas.audio.noise import Noise
from voxnas.audio.pair import Examination, Pair

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"input": "#3b6ea5", "target": "#c8553d"}
COLUMNS = 1_500  # of the waveform: each shows the extremes of its stretch
FFT_SIZE = 8_192
ZOOM_SAMPLES = 64


def draw_pair(examination: Examination, folder: str | Path, noise: Noise | None = None) -> list[Path]:
    """Write waveforms.png, spectra.png, levels.png and, where a delay was looked for, delay.png.

    The target's `noise`, where it is known, lies below its spectrum.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    pair = examination.pair
    figures = {
        "waveforms.png": draw_waveforms(pair),
        "spectra.png": draw_spectra(pair, noise),
        "levels.png": draw_levels(pair),
    }
    if examination.delay is not None and len(examination.delay.lags):
        figures["delay.png"] = draw_delay(examination.delay, pair.sample_rate)
    for name, figure in figures.items():
        figure.savefig(folder / name, dpi=110)
    return [folder / name for name in figures]


def draw_waveforms(pair: Pair) -> Figure:
    """Both recordings whole, and the loudest 20 ms of the input close up, each at its own scale."""
    figure, axes = _figure(3, (11, 7.5))
    for axis, (name, samples) in zip(axes, _signals(pair), strict=False):
        low, high = _extremes(samples)
        seconds = np.linspace(0, len(samples) / pair.sample_rate, len(low))
        axis.fill_between(seconds, low, high, color=COLOURS[name], linewidth=0.3)
        axis.set(ylabel=name, xlim=(0, seconds[-1]), xlabel="time in s")
    size = min(int(0.02 * pair.sample_rate), len(pair.input))
    middle = int(np.abs(np.nan_to_num(pair.input)).argmax()) if len(pair.input) else 0
    start = min(max(0, middle - size // 2), len(pair.input) - size)
    for name, samples in _signals(pair):
        piece = np.nan_to_num(samples[start : start + size])
        milliseconds = 1000 * np.arange(len(piece)) / pair.sample_rate
        axes[2].plot(
            milliseconds, piece / max(np.abs(piece).max(initial=0), 1e-9), color=COLOURS[name], label=name
        )
    axes[2].set(xlabel=f"time in ms, from {start / pair.sample_rate:.3f} s", ylabel="close up, scaled to ±1")
    axes[2].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
    return figure


def draw_spectra(pair: Pair, noise: Noise | None = None) -> Figure:
    """Mean power spectra, smoothed a little to compare by eye, and the target's hiss and hum."""
    figure, (axis,) = _figure(1, (9, 5))
    top = -200.0
    for name, samples in _signals(pair):
        frequency, level = _spectrum(samples, pair.sample_rate)
        axis.semilogx(frequency, level, color=COLOURS[name], label=name)
        top = max(top, float(level.max()))
    if noise is not None:
        _draw_noise(axis, noise)
    axis.set(xlim=(20, pair.sample_rate / 2), ylim=(top - 110, top + 6))
    axis.set(xlabel="frequency in Hz", ylabel="power in dB per bin")
    ticks = [
        t for t in (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000) if t < pair.sample_rate / 2
    ]
    axis.set_xticks(ticks, [f"{t // 1000}k" if t >= 1000 else str(t) for t in ticks])
    axis.minorticks_off()
    axis.legend()
    return figure


def _draw_noise(axis: Axes, noise: Noise) -> None:
    """Hiss as a line and hum as marks, at the levels that they have in a spectrum of Hann windows."""
    if noise.hiss is not None:
        level = noise.hiss + 10 * np.log10(0.375 / FFT_SIZE)
        label = f"target's hiss, {noise.hiss:.0f} dBFS in all"
        axis.axhline(level, color=COLOURS["target"], linestyle="--", linewidth=1, label=label)
    if noise.hum:
        hertz, levels = zip(*sorted(noise.hum.items()), strict=True)
        peaks = np.array(levels) - 20 * np.log10(2 * np.sqrt(2))  # of a sine of so many dB RMS
        label = f"target's hum, {max(levels):.0f} dBFS at most"
        axis.plot(hertz, peaks, "v", color=COLOURS["target"], markersize=5, label=label)


def draw_levels(pair: Pair) -> Figure:
    """Share of samples at each level in dBFS; a wall at the right end is clipping."""
    figure, (axis,) = _figure(1, (9, 4.5))
    edges = np.arange(-100.0, 7.0)
    for name, samples in _signals(pair):
        magnitude = np.abs(np.nan_to_num(samples[:: max(1, len(samples) // 5_000_000)]))
        counts, _ = np.histogram(20 * np.log10(np.maximum(magnitude, 1e-5)), edges)
        axis.stairs(
            100 * counts / max(len(magnitude), 1), edges, color=COLOURS[name], label=name, linewidth=1.6
        )
    axis.axvline(0, color="0.4", linewidth=0.8, linestyle="--")
    axis.set(xlim=(-100, 6), xlabel="level in dBFS", ylabel="% of samples per dB", yscale="log")
    axis.legend(loc="upper left")
    return figure


def draw_delay(delay: Delay, sample_rate: int) -> Figure:
    """The innovations' correlation, whole and around its peak, and the delay of each window."""
    figure, (whole, near, windows) = _figure(3, (11, 8.5))
    peak = int(np.abs(delay.correlation).argmax())
    whole.plot(1000 * delay.lags / sample_rate, delay.correlation, color="0.3", linewidth=0.7)
    whole.set(xlabel="lag in ms", ylabel="correlation", xlim=tuple(1000 * delay.lags[[0, -1]] / sample_rate))
    part = slice(max(0, peak - ZOOM_SAMPLES), peak + ZOOM_SAMPLES + 1)
    near.plot(delay.lags[part], delay.correlation[part], color="0.3", marker=".", markersize=4, linewidth=1)
    near.axvline(delay.samples, color=COLOURS["target"], label=f"delay: {delay.samples} samples")
    near.set(xlabel="lag in samples (right: target is late)", ylabel="close up")
    near.legend(loc="upper right")
    windows.plot(delay.window_seconds, delay.per_window, "o", color=COLOURS["input"])
    windows.axhline(delay.samples, color=COLOURS["target"], linewidth=1)
    spread = max([4.0] + [abs(value - delay.samples) for value in delay.per_window])
    windows.set(ylim=(delay.samples - 1.2 * spread, delay.samples + 1.2 * spread))
    windows.set(xlabel="time in s", ylabel="delay per window, samples")
    figure.suptitle(f"confidence {delay.confidence:.2f}, drift {delay.drift_ppm:+.2f} ppm")
    return figure


def _figure(rows: int, size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    axes = [figure.add_subplot(rows, 1, row + 1) for row in range(rows)]
    for axis in axes:
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _signals(pair: Pair) -> list[tuple[str, np.ndarray]]:
    return [("input", pair.input), ("target", pair.target)]


def _extremes(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    width = max(1, len(samples) // COLUMNS)
    columns = samples[: len(samples) // width * width].reshape(-1, width)
    return np.nan_to_num(columns.min(axis=1)), np.nan_to_num(columns.max(axis=1))


def _spectrum(samples: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Welch's mean over up to 500 Hann windows across the recording, smoothed over a twelfth of an octave."""
    window = np.hanning(FFT_SIZE)
    power = np.zeros(FFT_SIZE // 2 + 1)
    starts = np.unique(np.linspace(0, max(0, len(samples) - FFT_SIZE), 500).astype(int))
    for start in starts:
        piece = np.nan_to_num(samples[start : start + FFT_SIZE])
        power += np.square(np.abs(np.fft.rfft(np.pad(piece, (0, FFT_SIZE - len(piece))) * window))) / len(
            starts
        )
    frequency = np.fft.rfftfreq(FFT_SIZE, 1 / sample_rate)
    total = np.concatenate(([0.0], np.cumsum(power)))
    low = np.searchsorted(frequency, frequency * 2 ** (-1 / 24))
    high = np.maximum(np.searchsorted(frequency, frequency * 2 ** (1 / 24), side="right"), low + 1)
    smooth = (total[high] - total[low]) / (high - low)
    return frequency[1:], np.array([decibels(float(np.sqrt(p)) / FFT_SIZE) for p in smooth[1:]])
