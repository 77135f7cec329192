"""Aliasing of the frontier's models over pitch."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np

from voxnas.drawing import style
from voxnas.drawing.names import short_names, spread
from voxnas.records.record import Record
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

HEADING = "Aliasing over pitch"
MOST_RECORDS = 40


def aliasing_plot(frontier: "pd.DataFrame", picks: Sequence[str] = ()) -> "Figure":
    """Figure of the aliasing-to-signal ratio in dB over pitch; picks, and others while there are colours."""
    with matplotlib.rc_context(style.RC):
        figure = style.new_figure()
        curves = _aliasing(frontier)
        if not curves:
            return style.nothing(figure, HEADING, "no model of the frontier was measured")
        wanted = [*(p for p in dict.fromkeys(picks) if p in curves), *(n for n in curves if n not in picks)]
        wanted = wanted[: len(style.LINES)]
        axes = figure.add_subplot(
            title=HEADING, xlabel="pitch of the sine (Hz)", ylabel="aliasing-to-signal ratio (dB)"
        )
        for name, shown, colour in zip(wanted, short_names(wanted), style.LINES, strict=False):
            axes.plot(*curves[name], color=colour, lw=1.7, marker="o", ms=3, label=shown)
        axes.set_xscale("log")
        style.plain_ticks(axes.xaxis, decades=2)
        figure.legend(loc="outside right center", title="frontier", alignment="left")
    return figure


def _aliasing(frontier: "pd.DataFrame") -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Candidate → pitches in Hz and ratios in dB, as their records have them."""
    curves = {}
    for position in spread(len(frontier), MOST_RECORDS):
        row = frontier.iloc[position]
        try:
            found = Record.read(Path(row["folder"])).details.get("aliasing") if row["folder"] else []
        except InputError:
            continue
        if found:
            hz, asr = np.array([[at["hz"], at["asr"]] for at in found]).T
            curves[str(row["candidate"])] = (hz, 10 * np.log10(asr))
    return curves
