"""What each choice of a study did: the scores of the runs that have it, and their median."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np

from voxnas.drawing import style
from voxnas.problems.string.report.losses import differing, runs_of, settings_of
from voxnas.records.record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IN_A_ROW = 3


def ablation_plot(records: Sequence[Record]) -> "Figure":
    """A panel for each choice that was not always the same: a dot for each run, a bar for their median.

    Of finished runs of the rung that has most of them: those of another were trained for longer.
    """
    heading = "Error by what was chosen"
    finished = [record for record in records if record.score is not None]
    rungs = Counter(record.rung for record in finished)
    alike = [record for record in finished if record.rung == rungs.most_common(1)[0][0]]
    told = differing(alike) if len(alike) > 1 else []
    with matplotlib.rc_context(style.RC):
        if not told:
            return style.nothing(style.new_figure(), heading, "no two finished runs of a rung differ")
        rows = -(-len(told) // IN_A_ROW)
        figure = style.new_figure(11, 0.8 + 2.4 * rows)
        figure.suptitle(f"{heading}: {len(alike)} runs of {alike[0].rung}", **style.SUPTITLE)
        panels = figure.subplots(rows, IN_A_ROW, squeeze=False, sharey=True)
        for axes, choice in zip(panels.flat, told, strict=False):
            _panel(axes, choice, scores_by(alike, choice))
        for axes in list(panels.flat)[len(told) :]:
            axes.set_visible(False)
        for axes in panels[:, 0]:
            axes.set_ylabel("partials' error (dB)")
            axes.set_yscale("log")
    return figure


def runs_of_study(folders: Sequence[str]) -> list[Record]:
    """Records of all rungs of the study that runs' folders lie in."""
    studies = dict.fromkeys(Path(folder).parents[1] for folder in folders)
    return runs_of(rung for study in studies for rung in sorted(study.iterdir()) if rung.is_dir())


def scores_by(records: Sequence[Record], choice: str) -> dict[str, list[float]]:
    """Scores of the runs with each value of a choice, the value with the least median first."""
    found: dict[str, list[float]] = {}
    for record in records:
        value = settings_of(record).get(choice)
        if value is not None and record.score is not None:
            found.setdefault(value, []).append(record.score)
    return dict(sorted(found.items(), key=lambda pair: float(np.median(pair[1]))))


def _panel(axes: "matplotlib.axes.Axes", choice: str, scores: dict[str, list[float]]) -> None:
    for place, values in enumerate(scores.values()):
        axes.plot([place] * len(values), values, "o", color=style.FAINT, ms=4, alpha=0.7)
        axes.plot([place - 0.25, place + 0.25], [float(np.median(values))] * 2, color=style.FRONTIER, lw=2)
    axes.set_title(choice, fontsize=9)
    axes.set_xticks(range(len(scores)), list(scores), fontsize=8)
    axes.set_xlim(-0.6, len(scores) - 0.4)
