"""Models of finished runs, timed in turn in one go, so that their costs compare.

What the runs recorded was measured hours apart, each beside other load.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from voxnas.engine.base import StreamingEngine
from voxnas.engine.benchmark import side_by_side
from voxnas.engine.make import make_engine
from voxnas.export.load import load_model
from voxnas.export.record_json import FILE_NAME
from voxnas.utils.errors import InputError

BLOCK_SIZE = 64  # a player's; beside those that the runs recorded
MOST_MODELS = 40  # half a minute, and as many as the summary's table shows
_SHOWN = (
    *("block_size", "rtf", "median_ms", "p99_ms", "max_ms", "deadline_misses", "blocks", "spread"),
    *("engine", "cpu_model"),
)


def time_runs(
    runs: Sequence[Mapping[str, Any]], engine: str = "auto", blocks: int = 100
) -> tuple[list[dict[str, Any]], list[str]]:
    """Time each run's model, in turns, at the block sizes that any of them recorded and at 64.

    A run has a `folder`, and may have `candidate`, `rung`, `block_size`, `cpu_rtf` and `engine` as recorded.
    Returns a row per run and block size, the figures of `Timing` beside those recorded, and a line for each
    run whose model cannot be played. See `side_by_side` for how it is measured.
    """
    playable: list[tuple[Mapping[str, Any], StreamingEngine, int]] = []
    notices = []
    for run in runs[:MOST_MODELS]:
        try:
            model = load_model(Path(run["folder"]) / FILE_NAME)
            playable.append((run, make_engine(model.network, engine), model.sample_rate or model.usual_rate))
        except InputError as error:
            notices.append(str(error))
    if len(runs) > MOST_MODELS:
        notices.append(f"of {len(runs)} models the first {MOST_MODELS} were timed side by side")
    sizes = sorted({BLOCK_SIZE, *(_recorded_size(run) for run, _, _ in playable)}, reverse=True)
    timings = side_by_side([e for _, e, _ in playable], [rate for _, _, rate in playable], sizes, blocks)
    rows = [
        _row(run, asdict(timing))
        for (run, _, _), of_run in zip(playable, timings, strict=True)
        for timing in of_run
    ]
    return rows, notices


def _recorded_size(run: Mapping[str, Any]) -> int:
    size = run.get("block_size")
    return int(size) if size and size == size else BLOCK_SIZE


def _row(run: Mapping[str, Any], timing: dict[str, Any]) -> dict[str, Any]:
    names = {name: run.get(name, "") for name in ("candidate", "rung", "folder")}
    recorded = {f"recorded_{name}": run.get(name) for name in ("cpu_rtf", "engine")}
    recorded["recorded_block_size"] = _recorded_size(run)
    return {**names, **{name: timing[name] for name in _SHOWN}, **recorded}
