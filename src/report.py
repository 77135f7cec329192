"""Report on a study: `python src/report.py study=NAME`, or `results=PATH output_dir=PATH`."""

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig
from rich.console import Console

from voxnas.records.claim import in_turn
from voxnas.records.collect import load_results
from voxnas.report.build import ANSWER, review, write_report
from voxnas.report.tables import terminal
from voxnas.utils.app import hydra_app
from voxnas.utils.errors import InputError
from voxnas.utils.files import remove_temporaries

if TYPE_CHECKING:
    import pandas as pd

MODEL = "model.json"  # what a run keeps of its network


def locate(study: str | None, results: str | None, output_dir: str | None, log_dir: str) -> tuple[Path, Path]:
    """Folders of the records and of the report."""
    if (study is None) == (results is None):
        raise InputError("report: give either study=NAME or results=PATH (with output_dir=PATH)")
    if study is None:
        if output_dir is None:
            raise InputError(
                "report: results=PATH needs output_dir=PATH, the folder to write the report into"
            )
        return Path(str(results)), Path(output_dir)
    folder = Path(log_dir) / "nas" / str(study)
    if not folder.is_dir():
        there = sorted(f.name for f in folder.parent.glob("*") if f.is_dir())
        raise InputError(
            f"{folder}: no such study; there {'are ' + ', '.join(there) if there else 'is none yet'}"
        )
    return folder, Path(output_dir) if output_dir else folder / "report"


def quality_limit(max_quality_esr: float | str | None) -> float:
    """The worst ESR that "best latency" may have; infinite for null."""
    try:
        return math.inf if max_quality_esr is None else float(max_quality_esr)
    except ValueError as error:
        raise InputError(
            f"max_quality_esr={max_quality_esr}: give a number, such as 0.035, or null"
        ) from error


def time_again(frontier: "pd.DataFrame") -> tuple[list[dict[str, Any]], list[str]]:
    """The frontier's models timed side by side, and what there is to say about it."""
    runs = [
        run
        for run in frontier.to_dict("records")
        if run["folder"] and (Path(run["folder"]) / MODEL).is_file()
    ]
    gone = len(frontier) - len(runs)
    notices = [f"not timed again: {gone} of {len(frontier)} without a {MODEL}"] if gone else []
    if not runs:
        return [], notices
    from voxnas.search.cost.side_by_side import time_runs  # PyTorch takes a second to import

    timings, unplayable = time_runs(runs)
    return timings, notices + unplayable


def answer(study: Path) -> str:
    """Request that the study's search was given, if any."""
    path = study / ANSWER
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


@hydra_app("report")
def main(cfg: DictConfig) -> None:
    """Collect, find the frontier, write the report, show the frontier."""
    source, output_dir = locate(cfg.study, cfg.results, cfg.output_dir, cfg.paths.log_dir)
    look = partial(
        review, objectives=list(cfg.objectives), max_quality_esr=quality_limit(cfg.max_quality_esr)
    )
    result = look(load_results(source))  # what is wrong with them is said before anything is made
    console = Console(markup=False, highlight=False)
    with in_turn(output_dir) as claim:
        if claim.waited:  # for another process's report; there may be more results now
            result = look(load_results(source))
        remove_temporaries(output_dir)
        timings, notices = time_again(result.frontier) if cfg.rebenchmark else ([], [])
        written = write_report(result, output_dir, timings, found := answer(source))
    for notice in [*result.notices, *notices]:
        console.print(notice, style="yellow", soft_wrap=True)
    console.print(terminal(result.frontier, [o.name for o in result.objectives]))
    for pick in result.picks:
        name = "none" if pick.row is None else result.candidates["candidate"].iloc[pick.row]
        console.print(f"{pick.title}: {name}, {pick.why}")
    if found:
        console.print(found, soft_wrap=True)
    console.print(f"{written[-1]} and {len(written) - 1} files beside it", soft_wrap=True)


if __name__ == "__main__":
    main()
