"""A folder of run records, or a table written from one, as a data frame with one row per run."""

import json
import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxnas.records.record import CONTAINERS, CORE, FILE_NAME, GROUPS, NUMBERS, Record
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

CONDITIONS = ("engine", "block_size")  # of costs: columns of their own
_PER_BLOCK_SIZE = ("rtf", "median_ms", "p99_ms", "max_ms", "deadline_misses", "spread")
TEXTS = [name for name in CORE if name not in NUMBERS and CORE[name] != "bool"] + ["folder", "engine"]
COLUMNS = [*(name for name in CORE if name != "maximise"), "folder"]  # the problem says which way is good
INTEGERS = [name for name in NUMBERS if CORE[name].startswith("int")] + ["block_size"]
_DOTTED = {name: name for name in CONTAINERS if name not in (*GROUPS, "estimate", "details", "history")}
_DOTTED["estimate"] = "cost"


def collect(folder: Path) -> "pd.DataFrame":
    """Table of every `record.json` at any depth under `folder`, ordered by study, rung and candidate.

    Columns: the record's own fields; `folder`, where the record lies; every figure under its name, with the
    conditions of the costs; dictionaries as `exports.json`, `machine.cpu`, …; costs per block size as
    `cpu_rtf_block64`, …. Unknown numbers are NaN, unknown texts empty. Histories are left to `history`. An
    unreadable file is a warning and no row.
    """
    rows = []
    for path in folder.resolve().rglob(FILE_NAME):
        try:
            rows.append(_row(Record.read(path), path.parent))
        except InputError as error:
            log.warning("%s", error)
    return _frame(rows)


def load_results(path: Path, aliases: Mapping[str, str] | None = None) -> "pd.DataFrame":
    """Table of the records under a folder, or of a results table (`all_results.csv`); see `collect`.

    `aliases` are a problem's: what tables that were written call figures, and what records do.
    Raises InputError where there is no such file, nothing in it, or a table without candidates.
    """
    if not path.exists():
        raise InputError(
            f"{path}: no such file or folder; give a folder of run records or an all_results.csv"
        )
    frame = collect(path) if path.is_dir() else _read_table(path)
    if frame.empty:
        raise InputError(f"{path}: no run records in it; run a search first, or name another study")
    return by_record_names(frame, aliases or {})


def by_record_names(frame: "pd.DataFrame", aliases: Mapping[str, str]) -> "pd.DataFrame":
    """Table whose figures have the names of records, and not those of tables that were written."""
    for alias, name in aliases.items():
        for old, new in ((alias, name), (f"search.{alias}", f"search.{name}")):
            if old in frame and old != new:
                known = _figure(frame[old])
                frame = frame.assign(**{new: frame[new].fillna(known) if new in frame else known})
                frame = frame.drop(columns=old)
    return frame


def with_columns(frame: "pd.DataFrame", names: Iterable[str]) -> "pd.DataFrame":
    """Table that has these columns too, of unknown values where no record has such a figure."""
    missing = [name for name in names if name not in frame]
    return frame.assign(**{name: "" if name in TEXTS else np.nan for name in missing})


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
    """A key by which rungs sort as people count; those with no number, such as the final, come last."""
    counted = re.sub(r"\d+", lambda digits: digits[0].zfill(9), str(rung))
    return counted if not counted or re.search(r"\d", counted) else f"~{counted}"


def _row(record: Record, folder: Path) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(record, name) for name in COLUMNS if name in CORE}
    row["folder"] = str(folder)
    for group in (record.metrics, record.shape):
        row |= group if isinstance(group, dict) else {}
    row |= _costs(record.cost)
    for name, prefix in _DOTTED.items():
        value = getattr(record, name)
        row |= dict(_flatten(value, prefix)) if isinstance(value, dict) else {}
    details = record.details if isinstance(record.details, dict) else {}
    for bench in [b for b in details.get("benchmarks") or [] if isinstance(b, dict)]:
        size = bench.get("block_size")
        row |= {f"cpu_{name}_block{size}": bench[name] for name in _PER_BLOCK_SIZE if name in bench}
    return row


def _costs(costs: Any) -> dict[str, Any]:
    """The figures, and the conditions of the first of them."""
    entries = {n: c for n, c in costs.items() if isinstance(c, dict)} if isinstance(costs, dict) else {}
    conditions = next(iter(entries.values()), {})
    shown = {name: conditions[name] for name in CONDITIONS if name in conditions}
    return {name: entry.get("value") for name, entry in entries.items()} | shown


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
    figures = [str(c) for c in frame.columns if c not in COLUMNS and not is_derived(str(c))]
    others = sorted(str(c) for c in frame.columns if c not in COLUMNS and is_derived(str(c)))
    frame = frame.reindex(columns=[*COLUMNS, *figures, *others])
    for name in NUMBERS:
        frame[name] = pd.to_numeric(frame[name], errors="coerce").astype(float)
    for name in [name for name in figures if name not in TEXTS]:
        frame[name] = _figure(frame[name])
    for name in [name for name in TEXTS if name in frame]:
        frame[name] = frame[name].astype(object).fillna("").astype(str)
    keys = frame["study"] + "\n" + frame["rung"].map(rung_order) + "\n" + frame["candidate"]
    return frame.loc[keys.sort_values(kind="stable").index].reset_index(drop=True)


def is_derived(name: str) -> bool:
    """Whether a column is a part of a dictionary, or a cost at one block size, rather than a figure."""
    return "." in name or re.search(r"_block\d+$", name) is not None


def _figure(column: "pd.Series") -> "pd.Series":
    """Truth values stay as they are, None where unknown; anything else is a number."""
    import pandas as pd

    known = column[column.notna()]
    if len(known) and known.map(lambda value: isinstance(value, bool | np.bool_)).all():
        return column.astype(object).where(column.notna(), None)
    return pd.to_numeric(column, errors="coerce").astype(float)
