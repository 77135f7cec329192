"""A folder of run records, or a table written from one, as a data frame with one row per run."""

import dataclasses
import json
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxnas.records.record import FILE_NAME, Record
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

HEADLINE = [  # what a reader of a results table looks for first
    *("best_val_loss", "best_train_loss", "best_epoch", "latency_ms", "receptive_field", "parameters"),
    *("cpu_mean_ms", "cpu_rtf", "cpu_realtime_capable", "num_layers", "channels", "kernel_size", "causal"),
]
_PER_BLOCK_SIZE = ("rtf", "median_ms", "p99_ms", "max_ms", "deadline_misses", "spread")
_TYPES = {f.name: str(f.type) for f in dataclasses.fields(Record)}


def _of_type(*types: str) -> list[str]:
    return [name for name, kind in _TYPES.items() if set(re.findall(r"\w+", kind)) & set(types)]


_CONTAINERS, _BOOLEANS = set(_of_type("dict", "list")), set(_of_type("bool"))
NUMBERS = [name for name in _of_type("int", "float") if name not in _CONTAINERS]
INTEGERS = [name for name in NUMBERS if name in _of_type("int")]
TEXTS = [name for name in _TYPES if name not in {*NUMBERS, *_CONTAINERS, *_BOOLEANS}] + ["folder"]
COLUMNS = [*HEADLINE, *(n for n in _TYPES if n not in {*HEADLINE, *_CONTAINERS}), "folder"]


def collect(folder: Path) -> "pd.DataFrame":
    """Every `record.json` at any depth under `folder`, one row each, ordered by study, rung and candidate.

    Columns: the record's figures, `HEADLINE` first; dictionaries as `exports.nam`, `machine.cpu`, …; the
    benchmarks per block size as `cpu_rtf_block64`, …; and `folder`, where the record lies. Unknown numbers
    are NaN, unknown texts empty. Histories are left to `history`. An unreadable file is a warning and no row.
    """
    rows = []
    for path in folder.resolve().rglob(FILE_NAME):
        try:
            rows.append(_row(Record.read(path), path.parent))
        except InputError as error:
            log.warning("%s", error)
    return _frame(rows)


def load_results(path: Path) -> "pd.DataFrame":
    """The records under a folder, or the rows of a results table (`all_results.csv`); see `collect`.

    Raises InputError where there is no such file, nothing in it, or a table without candidates.
    """
    if not path.exists():
        raise InputError(
            f"{path}: no such file or folder; give a folder of run records or an all_results.csv"
        )
    frame = collect(path) if path.is_dir() else _read_table(path)
    if frame.empty:
        raise InputError(f"{path}: no run records in it; run a search first, or name another study")
    return frame


def latest(frame: "pd.DataFrame") -> "pd.DataFrame":
    """One row per candidate: the last rung that it finished, else the last that it reached.

    Rungs are ordered as people count: `phase2` before `phase10`. Of several runs of a candidate on one rung,
    the youngest counts.
    """
    order = frame.assign(_ok=frame["status"].eq("ok"), _rung=frame["rung"].map(rung_order))
    order = order.sort_values(["_ok", "_rung", "created"], na_position="first", kind="stable")
    last = order.groupby(["study", "candidate"], dropna=False).tail(1)
    return frame.loc[last.index.sort_values()].reset_index(drop=True)


def history(folder: Path) -> list[dict[str, float]]:
    """The figures per epoch of the record in `folder`; empty where there is none that can be read."""
    try:
        return Record.read(folder / FILE_NAME).history
    except InputError:
        return []


def rung_order(rung: str) -> str:
    """A key by which rungs sort as people count."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(9), str(rung))


def _row(record: Record, folder: Path) -> dict[str, Any]:
    row: dict[str, Any] = {"folder": str(folder)}
    for name in _TYPES:
        value = getattr(record, name)
        if name not in _CONTAINERS:
            row[name] = value
        elif isinstance(value, dict):
            row |= dict(_flatten(value, name))
    for bench in [b for b in record.benchmarks or [] if isinstance(b, dict)]:
        size = bench.get("block_size")
        row |= {f"cpu_{name}_block{size}": bench[name] for name in _PER_BLOCK_SIZE if name in bench}
    return row


def _flatten(values: dict[str, Any], prefix: str) -> Iterable[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}.{key}")
        else:
            yield f"{prefix}.{key}", json.dumps(value) if isinstance(value, list) else value


def _read_table(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        frame = pd.read_csv(path, dtype=dict.fromkeys(TEXTS, "object"))
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise InputError(f"{path}: not a table of results ({error})") from error
    if "candidate" not in frame:
        raise InputError(f"{path}: not a table of results, for it has no column `candidate`")
    if "status" not in frame:
        frame["status"] = "ok"
    if "folder" in frame:
        frame["folder"] = [str((path.parent / f).resolve()) if f == f else "" for f in frame["folder"]]
    return _frame(frame)


def _frame(rows: "list[dict[str, Any]] | pd.DataFrame") -> "pd.DataFrame":
    """Known columns first and of their type, whatever the rows lacked."""
    import pandas as pd

    frame = pd.DataFrame(rows)
    others = sorted(str(c) for c in frame.columns if c not in COLUMNS)
    frame = frame.reindex(columns=[*COLUMNS, *others])
    for name in NUMBERS:
        frame[name] = pd.to_numeric(frame[name], errors="coerce").astype(float)
    for name in _BOOLEANS:
        frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    for name in TEXTS:
        frame[name] = frame[name].astype(object).fillna("").astype(str)
    keys = frame["study"] + "\n" + frame["rung"].map(rung_order) + "\n" + frame["candidate"]
    return frame.loc[keys.sort_values(kind="stable").index].reset_index(drop=True)
