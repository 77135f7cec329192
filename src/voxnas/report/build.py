"""The whole report of a study: tables, plots and summary in one folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxnas.records.collect import latest, rung_order
from voxnas.records.pareto import Objective, non_dominated, objective_values
from voxnas.report.picks import Pick, recommend
from voxnas.report.tables import TIMINGS, write_csv
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text

if TYPE_CHECKING:
    import pandas as pd

RUNGS = ("phase1", "phase2")  # these tables are always written, if only with a header
MAX_QUALITY_ESR = 0.035
ANSWER = "answer.md"  # in a study's folder: what its search was asked for, in a line


@dataclass(frozen=True)
class Review:
    """A study looked at: `candidates` has a row per candidate, `mask` says which are on the frontier."""

    records: "pd.DataFrame"
    candidates: "pd.DataFrame"
    mask: np.ndarray
    objectives: list[Objective]
    picks: list[Pick]
    notices: list[str]

    @property
    def frontier(self) -> "pd.DataFrame":
        """The frontier's rows, the best quality first."""
        return self.candidates[self.mask].sort_values(["best_val_loss", "parameters"])


def review(
    records: "pd.DataFrame", objectives: Sequence[str], max_quality_esr: float = MAX_QUALITY_ESR
) -> Review:
    """Find the frontier of `objectives` (`name` is minimised, `-name` maximised) and what to recommend.

    An objective that no finished candidate has is left out with a notice, so that results without a CPU
    benchmark still have a frontier. Raises InputError for an objective that is no numeric column.
    """
    if not objectives:
        raise InputError("objectives: name at least one column, such as best_val_loss")
    candidates = latest(records)
    wanted = [Objective.parse(text) for text in objectives]
    values = objective_values(candidates, wanted)
    known = np.isfinite(values).any(axis=0) | ~(candidates["status"] == "ok").any()
    notices = [
        f"objective {o.name}: no candidate has it, left out"
        for o, k in zip(wanted, known, strict=True)
        if not k
    ]
    used = [o for o, k in zip(wanted, known, strict=True) if k]
    values = values[:, known]
    if used:
        mask = non_dominated(values, [o.direction for o in used])
    else:
        mask = np.zeros(len(candidates), dtype=bool)
    return Review(
        records, candidates, mask, used, recommend(candidates, mask, used, max_quality_esr), notices
    )


def write_report(
    result: Review, output_dir: Path, timings: Sequence[Mapping[str, Any]] = (), answer: str = ""
) -> list[Path]:
    """Write the CSV files, the plots and `summary.md` into `output_dir`, and return their paths.

    `timings` are of the frontier's models, timed side by side: a row per model and block size with `folder`,
    `block_size`, `rtf` and what else is known. `answer` goes before everything else. Each file is replaced in
    one step; `summary.md` comes last, so that what it shows is there.
    """
    written = _write_tables(result, output_dir) + _write_timings(timings, output_dir)
    written += _write_plots(result, output_dir)
    from voxnas.report.summary import summary

    page = summary(
        result.records,
        result.candidates,
        result.mask,
        result.objectives,
        result.picks,
        output_dir,
        timings,
        answer,
    )
    write_text(output_dir / "summary.md", page)
    return [*written, output_dir / "summary.md"]


def _write_tables(result: Review, output_dir: Path) -> list[Path]:
    rungs = sorted({*RUNGS, *result.records["rung"]} - {""}, key=rung_order)
    tables = {f"{rung}_results.csv": result.records[result.records["rung"] == rung] for rung in rungs}
    tables |= {"all_results.csv": result.records, "pareto_frontier.csv": result.frontier}
    for name, rows in tables.items():
        write_csv(rows, output_dir / name)
    return [output_dir / name for name in tables]


def _write_timings(timings: Sequence[Mapping[str, Any]], output_dir: Path) -> list[Path]:
    """One of an earlier report would not be of this frontier."""
    path = output_dir / TIMINGS
    if not timings:
        path.unlink(missing_ok=True)
        return []
    import pandas as pd

    write_csv(pd.DataFrame(timings), path)
    return [path]


def _write_plots(result: Review, output_dir: Path) -> list[Path]:
    from voxnas.report.curves import loss_curves
    from voxnas.report.plots import PLANES, plane, space
    from voxnas.report.style import save

    candidates, mask, picks = result.candidates, result.mask, result.picks
    picked = [str(candidates["candidate"].iloc[p.row]) for p in picks if p.row is not None]
    for name, (x, y) in PLANES.items():
        save(plane(candidates, mask, x, y, picks), output_dir / name)
    save(space(candidates, mask, picks), output_dir / "pareto_3d.png")
    save(
        loss_curves(result.records, list(result.frontier["candidate"]), picked),
        output_dir / "loss_curves.png",
    )
    return [output_dir / name for name in (*PLANES, "pareto_3d.png", "loss_curves.png")]
