"""Pictures of strings: partials' decays, spectrograms, levels."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np

from voxnas.drawing import style
from voxnas.drawing.names import short_names
from voxnas.records.record import Record
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MOST = len(style.LINES)
FFT_SIZE = 2048
NONE = "no string of the frontier was measured"


def decays_plot(frontier: "pd.DataFrame") -> "Figure":
    """Panels of the best string's partials, the recording's behind them."""
    heading = "Partials' decays"
    found = [record for record in _records(frontier) if record.details.get("decays")]
    with matplotlib.rc_context(style.RC):
        if not found:
            return style.nothing(style.new_figure(), heading, NONE)
        best, rows = found[0], found[0].details["decays"]
        figure = style.new_figure(11, 1.2 + 2.1 * (-(-len(rows) // 5)))
        figure.suptitle(f"{heading}: {best.candidate}", **style.SUPTITLE)
        grid = figure.subplots(-(-len(rows) // 5), 5, squeeze=False)
        for axes, row in zip(grid.flat, rows, strict=False):
            axes.plot(row["seconds"], row["target_db"], color=style.FAINT, lw=3, label="recording")
            axes.plot(row["seconds"], row["db"], color=style.FRONTIER, lw=1.2, label="string")
            t60s = " / ".join("–" if row[key] is None else f"{row[key]:.3g}" for key in ("t60", "target_t60"))
            axes.set_title(f"{row['number']}: {row['hz']:.1f} Hz\nT60 {t60s} s", fontsize=8)
        for axes in list(grid.flat)[len(rows) :]:
            axes.set_visible(False)
        for axes in grid[-1]:
            axes.set_xlabel("s")
        for line in grid:
            line[0].set_ylabel("dB")
        grid.flat[0].legend(fontsize=7)
    return figure


def spectrograms_plot(frontier: "pd.DataFrame") -> "Figure":
    """The recording above, the best string's free run below, on one scale."""
    import soundfile

    heading = "Spectrograms"
    with matplotlib.rc_context(style.RC):
        for record, folder in _with_folders(frontier):
            files = [
                folder / record.previews[name] for name in ("target", "model") if name in record.previews
            ]
            if len(files) < 2 or not all(file.is_file() for file in files):
                continue
            figure = style.new_figure(9, 6.4)
            figure.suptitle(heading, **style.SUPTITLE)
            panels = figure.subplots(2, 1, sharex=True, sharey=True)
            top = None
            for axes, file, name in zip(panels, files, ("recording", record.candidate), strict=True):
                samples, rate = soundfile.read(file, dtype="float32")
                db = _spectrogram(samples)
                top = float(db.max()) if top is None else top
                extent = (0.0, len(samples) / rate, 0.0, rate / 2000)
                shown = axes.imshow(
                    db, origin="lower", aspect="auto", extent=extent, vmin=top - 100, vmax=top, cmap="magma"
                )
                axes.set(ylabel="kHz", ylim=(0, min(8.0, rate / 2000)))
                axes.set_title(name, fontsize=9)
                axes.grid(False)
            panels[1].set_xlabel("s")
            figure.colorbar(shown, ax=list(panels), label="dB")
            return figure
        return style.nothing(style.new_figure(), heading, NONE)


def level_plot(frontier: "pd.DataFrame", picks: Sequence[str]) -> "Figure":
    """Level over half a minute: what rings for ever, or comes to rest off zero, is seen at once."""
    heading = "Level of free runs"
    found = [record for record in _records(frontier) if record.details.get("level")]
    found.sort(key=lambda record: record.candidate not in picks)
    with matplotlib.rc_context(style.RC):
        figure = style.new_figure()
        if not found:
            return style.nothing(figure, heading, NONE)
        axes = figure.add_subplot(
            title=heading, xlabel="s", ylabel="level in dBFS, DC included", ylim=(-165, 5)
        )
        names = short_names([record.candidate for record in found[:MOST]])
        for record, name, colour in zip(found, names, style.LINES, strict=False):
            seconds, level = zip(
                *((row["second"], row["db"]) for row in record.details["level"]), strict=True
            )
            axes.plot(seconds, level, color=colour, lw=1.4, label=name)
        axes.axhline(-100, color=style.FAINT, lw=0.8, ls="--")
        figure.legend(loc="outside right center", title="frontier", alignment="left")
    return figure


def _with_folders(frontier: "pd.DataFrame") -> list[tuple[Record, Path]]:
    """The frontier's records, the best first."""
    found = []
    for _, row in frontier.sort_values("score").iterrows():
        try:
            found.append((Record.read(Path(row["folder"])), Path(row["folder"])))
        except (InputError, TypeError):
            continue
    return found


def _records(frontier: "pd.DataFrame") -> list[Record]:
    return [record for record, _ in _with_folders(frontier)]


def _spectrogram(samples: np.ndarray) -> np.ndarray:
    hop = max(FFT_SIZE // 4, len(samples) // 800)
    padded = np.pad(samples, (0, FFT_SIZE))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT_SIZE)[::hop] * np.hanning(FFT_SIZE)
    return 20 * np.log10(np.abs(np.fft.rfft(frames, axis=1)).T / FFT_SIZE * 4 + 1e-9)
