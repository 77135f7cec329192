"""The amp's part of reports."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from voxnas.problems.amp.figures import BURST_DB
from voxnas.problems.amp.report.choices import architecture_choices
from voxnas.problems.amp.report.meaning import meaning
from voxnas.problems.amp.report.recommended import best_latency, most_efficient
from voxnas.problems.amp.report.settings import settings_table
from voxnas.problems.amp.report.side_by_side import time_frontier
from voxnas.problems.amp.report.soft_playing import soft_playing
from voxnas.problems.sections import Picture, Sections, SideBySide
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MAX_QUALITY_ESR = 0.035


class AmpSections(Sections):
    """Quality against latency, size and CPU cost; a curve of aliasing; the models timed side by side.

    Args:
        options: `max_quality_esr`, the worst ESR that "best latency" may have; None for no limit.
    """

    objectives = ("best_val_loss", "latency_ms", "parameters", "cpu_rtf")
    table = ("score", "test_esr", "latency_ms", "parameters", "cpu_rtf", "plugin_rtf")
    planes = {  # noqa: RUF012
        "quality_vs_latency.png": ("latency_ms", "score"),
        "quality_vs_params.png": ("parameters", "score"),
        "quality_vs_cpu_rtf.png": ("cpu_rtf", "score"),
        "quality_vs_plugin_rtf.png": ("plugin_rtf", "score"),
        "latency_vs_params.png": ("parameters", "latency_ms"),
    }
    space = ("latency_ms", "parameters", "score")
    guides = {"cpu_rtf": ((0.8, "real-time limit"),)}  # noqa: RUF012
    facts = ("engine", "block_size", "sample_rate")
    formats = ("nam",)
    perceptual = "test_mel"
    sounds = ("dry", "target")
    side_by_side_table = "frontier_cpu.csv"

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        limit = _quality_limit((options or {}).get("max_quality_esr", MAX_QUALITY_ESR))
        self.choices = (best_latency(limit), most_efficient())
        self.pictures = (
            Picture("aliasing.png", "Aliasing of the frontier's models over pitch", _aliasing_plot),
        )

    def architecture(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return architecture_choices(values)

    def remark(self, row: "pd.Series") -> str:
        slow = "not real-time on this machine" if row["cpu_realtime_capable"] in (False,) else ""
        overshoot = row.get("test_overshoot_db")
        bursts = overshoot is not None and overshoot > BURST_DB
        loud = f"bursts out where the playing is louder ({overshoot:.0f} dB above the amp)" if bursts else ""
        return "; ".join(filter(None, [slow, loud]))

    def words(self, best: "pd.Series") -> str:
        return "\n\n".join(filter(None, [soft_playing(best), settings_table(best)]))

    def side_by_side(self, frontier: "pd.DataFrame") -> SideBySide:
        return time_frontier(frontier)

    def meaning(self, records: "pd.DataFrame") -> list[str]:
        return meaning(records)


def _aliasing_plot(frontier: "pd.DataFrame", picks: Sequence[str]) -> "Figure":
    from voxnas.problems.amp.report.aliasing_plot import aliasing_plot

    return aliasing_plot(frontier, picks)


def _quality_limit(max_quality_esr: float | str | None) -> float:
    """The worst ESR that "best latency" may have; infinite for None."""
    try:
        return math.inf if max_quality_esr is None else float(max_quality_esr)
    except ValueError as error:
        raise InputError(
            f"max_quality_esr={max_quality_esr}: give a number, such as 0.035, or null"
        ) from error
