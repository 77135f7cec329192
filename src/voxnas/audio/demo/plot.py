"""A picture of the demo pair: what the guitar and the amp look like."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from scipy.signal import spectrogram, welch

from voxnas.audio.demo.clipper import diode_current_a
from voxnas.audio.demo.tube import plate_swing

DRY, WET = "#1f77b4", "#d9541e"
CLOSE_UP_S = 0.010
LOWEST_HZ = 40.0


def plot_pair(path: Path, dry: np.ndarray, wet: np.ndarray, sample_rate: int) -> None:
    """Draw waveforms, spectra, levels, output against input and the circuit's curves into a PNG."""
    figure = Figure(figsize=(14, 15), layout="constrained")
    axes = figure.subplot_mosaic("AABB;CCDD;EEFF;GGHI")
    for wave, image, name, signal, colour in (("A", "C", "guitar", dry, DRY), ("B", "D", "amp", wet, WET)):
        _waveform(axes[wave], name, signal, sample_rate, colour)
        figure.colorbar(_spectrogram(axes[image], name, signal, sample_rate), ax=axes[image], label="dB/Hz")
    _spectra(axes["E"], dry, wet, sample_rate)
    _levels(axes["F"], dry, wet)
    _transfer(axes["G"], dry, wet, sample_rate)
    volts = np.linspace(-0.7, 0.7, 401)
    _curve(axes["H"], "diode pair", volts, 1e3 * diode_current_a(volts), "V", "mA")
    volts = np.linspace(-4, 4, 401)
    _curve(axes["I"], "tube", volts, plate_swing(volts), "grid, V", "plate's swing / supply")
    figure.savefig(path, dpi=100)


def _waveform(axis: Axes, name: str, signal: np.ndarray, sample_rate: int, colour: str) -> None:
    rms_db = 20 * np.log10(np.sqrt(np.mean(np.square(signal, dtype=np.float64))))
    peak_db = 20 * np.log10(np.max(np.abs(signal)))
    columns = (
        signal[: len(signal) // 2000 * 2000].reshape(2000, -1) if len(signal) >= 2000 else signal[:, None]
    )
    time_s = np.arange(len(columns)) * columns.shape[1] / sample_rate
    axis.fill_between(time_s, columns.min(axis=1), columns.max(axis=1), color=colour, linewidth=0.3)
    axis.set(title=f"{name}: peak {peak_db:.1f} dBFS, RMS {rms_db:.1f} dBFS", xlabel="s", ylim=(-1, 1))
    axis.margins(x=0)


def _spectrogram(axis: Axes, name: str, signal: np.ndarray, sample_rate: int) -> QuadMesh:
    window = min(4096, len(signal))
    frequency_hz, time_s, power = spectrogram(signal, sample_rate, nperseg=window, noverlap=window // 2)
    level_db = 10 * np.log10(power + 1e-14)
    image = axis.pcolormesh(
        time_s, frequency_hz[1:], level_db[1:], vmin=level_db.max() - 90, cmap="magma", rasterized=True
    )
    axis.set(
        title=f"{name}: spectrogram", xlabel="s", ylabel="Hz", yscale="log", ylim=(LOWEST_HZ, sample_rate / 2)
    )
    return image


def _spectra(axis: Axes, dry: np.ndarray, wet: np.ndarray, sample_rate: int) -> None:
    for name, signal, colour in (("guitar", dry, DRY), ("amp", wet, WET)):
        frequency_hz, power = welch(signal, sample_rate, nperseg=8192)
        axis.semilogx(
            frequency_hz[1:], 10 * np.log10(power[1:] + 1e-16), color=colour, label=name, linewidth=1
        )
    axis.set(title="average spectrum", xlabel="Hz", ylabel="dB/Hz", xlim=(LOWEST_HZ, sample_rate / 2))
    axis.grid(alpha=0.3, which="both")
    axis.legend()


def _levels(axis: Axes, dry: np.ndarray, wet: np.ndarray) -> None:
    bins = np.linspace(-100, 0, 101)
    for name, signal, colour in (("guitar", dry, DRY), ("amp", wet, WET)):
        level_db = 20 * np.log10(np.abs(signal) + 1e-9)
        weights = np.full(len(signal), 100 / len(signal))
        axis.hist(level_db, bins.tolist(), weights=weights, color=colour, alpha=0.55, label=name)
    axis.set(title="levels of single samples", xlabel="dBFS", ylabel="% of samples")
    axis.legend()


def _transfer(axis: Axes, dry: np.ndarray, wet: np.ndarray, sample_rate: int) -> None:
    start = int(np.argmax(np.abs(dry)))
    part = slice(start, start + round(CLOSE_UP_S * sample_rate))
    every = max(1, len(dry) // 40_000)
    axis.scatter(dry[::every], wet[::every], s=1, color="0.75", label="whole recording")
    axis.plot(
        dry[part], wet[part], color=WET, linewidth=0.8, label=f"{CLOSE_UP_S * 1e3:g} ms of the loudest note"
    )
    axis.set(title="output against input", xlabel="guitar", ylabel="amp")
    axis.grid(alpha=0.3)
    axis.legend(loc="upper left")


def _curve(axis: Axes, title: str, x: np.ndarray, y: np.ndarray, xlabel: str, ylabel: str) -> None:
    axis.plot(x, y, color=WET)
    axis.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axis.grid(alpha=0.3)
