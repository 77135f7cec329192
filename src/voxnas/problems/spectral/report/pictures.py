"""Pictures of how a candidate tells its knobs: confusion, error over the range, calibration, saliency."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np

from voxnas.drawing import style
from voxnas.problems.spectral.knob_figures import BINS
from voxnas.problems.spectral.measures import DETAIL, FILE
from voxnas.records.record import Record
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_KNOBS = 12
ACROSS = 4

Draw = Callable[["Axes", Mapping[str, Any], Mapping[str, np.ndarray]], None]


@dataclass(frozen=True)
class Told:
    """What a candidate's record and its `knobs.npz` say of each knob."""

    candidate: str
    knobs: Sequence[Mapping[str, Any]]
    arrays: Mapping[str, np.ndarray]


def told_by(row: "pd.Series") -> Told | None:
    """What was measured of a candidate; None where nothing was, or it is gone."""
    try:
        folder = Path(row["folder"])
        knobs = Record.read(folder).details.get(DETAIL) if row["folder"] else None
        with np.load(folder / FILE, allow_pickle=False) as file:
            arrays = dict(file)
    except (InputError, OSError, ValueError):
        return None
    return Told(str(row["candidate"]), knobs, arrays) if knobs else None


def best_of(frontier: "pd.DataFrame") -> Told | None:
    """Of the candidate with the least error, or of the next one that was measured."""
    return next((told for _, row in frontier.sort_values("score").iterrows() if (told := told_by(row))), None)


def confusion_picture(frontier: "pd.DataFrame", picks: Sequence[str]) -> "Figure":
    """Counts of test images by the true and the estimated step."""
    return _each(frontier, "Estimated over true step", _confusion)


def range_picture(frontier: "pd.DataFrame", picks: Sequence[str]) -> "Figure":
    """Mean error in each tenth of a knob's range."""
    return _each(frontier, "Error over the range", _over_range)


def calibration_picture(frontier: "pd.DataFrame", picks: Sequence[str]) -> "Figure":
    """Error that there was over the error that was told."""
    return _each(frontier, "Calibration: RMS error over the deviation told", _calibration)


def saliency_picture(frontier: "pd.DataFrame", picks: Sequence[str]) -> "Figure":
    """Where in the image an estimate hangs."""
    return _each(frontier, "Saliency: where an estimate hangs in the image", _saliency)


def _each(frontier: "pd.DataFrame", heading: str, draw: Draw) -> "Figure":
    with matplotlib.rc_context(style.RC | {"axes.titlesize": 10, "axes.titleweight": "normal"}):
        told = best_of(frontier)
        if told is None:
            return style.nothing(style.new_figure(), heading, "no model of the frontier was measured")
        shown = told.knobs[:MOST_KNOBS]
        across = min(ACROSS, len(shown))
        rows = -(-len(shown) // across)
        figure = style.new_figure(2.7 * max(2, across), 2.6 * rows + 0.5)
        for i, knob in enumerate(shown):
            axes = figure.add_subplot(rows, across, i + 1)
            axes.set_title(knob["name"] + ("" if knob["told"] else " (cannot be told)"))
            draw(axes, knob, told.arrays)
        figure.suptitle(f"{heading}: {told.candidate}", **style.SUPTITLE)
    return figure


def _confusion(axes: "Axes", knob: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    counts = arrays[f"confusion_{knob['name']}"].astype(float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    low, high = knob["low"] - knob["step"] / 2, knob["low"] + (len(counts) - 0.5) * knob["step"]
    axes.imshow(shares.T, origin="lower", extent=(low, high, low, high), aspect="auto", cmap="Blues")
    axes.set(xlabel="true", ylabel="estimated")
    axes.grid(False)


def _over_range(axes: "Axes", knob: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    width = (knob["high"] - knob["low"]) / BINS
    places = knob["low"] + width * (np.arange(BINS) + 0.5)
    errors = [np.nan if e is None else e for e in knob["over_range"]]
    axes.bar(places, errors, width=0.9 * width, color=style.LINES[1])
    axes.axhline(knob["guess_mae"], color=style.FAINT, ls="--", lw=1)
    axes.set(ylabel="mean error (share)")


def _calibration(axes: "Axes", knob: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    if not knob["calibration"]:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "a value says not how unsure it is", ha="center", wrap=True)
        return
    told, there = np.array(knob["calibration"]).T
    top = 1.05 * max(told.max(), there.max())
    axes.plot([0, top], [0, top], color=style.FAINT, ls="--", lw=1)
    axes.plot(told, there, color=style.LINES[0], marker="o", ms=3)
    axes.set(xlabel="told", ylabel="there was", xlim=(0, top), ylim=(0, top))


def _saliency(axes: "Axes", knob: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    axes.imshow(arrays["image"][0], origin="lower", aspect="auto", cmap="gray")
    heat = arrays[f"saliency_{knob['name']}"].max(axis=0)
    axes.imshow(heat, origin="lower", aspect="auto", cmap="hot", alpha=0.65)
    axes.set(xlabel="time", ylabel="frequency", xticks=[], yticks=[])
