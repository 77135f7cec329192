"""CPU cost of the frontier's models, timed side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxnas.problems.sections import SideBySide

if TYPE_CHECKING:
    import pandas as pd

MODEL = "model.json"  # what a run keeps of its network
TITLE = "CPU side by side"


def time_frontier(frontier: "pd.DataFrame") -> SideBySide:
    """The models of the frontier's runs timed again, and what there is to say about those that cannot be."""
    rows = [{str(name): value for name, value in row.items()} for row in frontier.to_dict("records")]
    runs = [run for run in rows if run["folder"] and (Path(run["folder"]) / MODEL).is_file()]
    gone = len(rows) - len(runs)
    notices = [f"not timed again: {gone} of {len(rows)} without a {MODEL}"] if gone else []
    if not runs:
        return SideBySide(notices=notices)
    from voxnas.engine.side_by_side import time_runs

    timings, unplayable = time_runs(runs)
    return timed(timings, [*notices, *unplayable])


def timed(timings: Sequence[Mapping[str, Any]], notices: Sequence[str] = ()) -> SideBySide:
    """Rows of `time_runs` as the report shows them: each model at the block size that its run recorded."""
    if not timings:
        return SideBySide(notices=notices)
    figures = {t["folder"]: t["rtf"] for t in timings if t["block_size"] == t["recorded_block_size"]}
    engines = " and ".join(sorted({t["engine"] for t in timings}))
    sizes = ", ".join(str(size) for size in sorted({t["block_size"] for t in timings}))
    words = (
        f"**{TITLE}**: the models timed again for this report, in turns in one go, so that other load met all"
        f" alike; {engines} engine, {timings[0]['cpu_model']}, rounds within"
        f" {max(t['spread'] for t in timings):.0%} of each other. For blocks of {sizes} samples, beside what"
        " the runs recorded: {table}."
    )
    return SideBySide(TITLE, figures, timings, words, notices)
