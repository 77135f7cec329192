"""Runs of earlier studies, on other devices or data: what a search can learn from before it trains."""

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voxnas.problems.base import Problem
from voxnas.records.record import FILE_NAME, Record
from voxnas.utils.errors import InputError


@dataclass(frozen=True)
class KnownRun:
    """One network trained for some time on some data.

    Args:
        group: of runs on the same data, whose losses compare.
        amount: of its training so far, in the group's own unit: epochs, or optimizer steps.
        loss: its score, the lower the better.
        architecture, shape: see `Network.architecture` and `Problem.shape`.
    """

    group: str
    amount: float
    loss: float
    architecture: Mapping[str, Any] = field(repr=False)
    shape: Mapping[str, Any] = field(repr=False)


def read_runs(names: Sequence[str], problem: Problem) -> list[KnownRun]:
    """The runs of studies' folders, of files of `write_runs`, and of those that the problem ships, by name.

    Raises InputError, which says which, for one that is not there or holds no finished run of the problem.
    """
    return [run for name in names for run in _read(name, problem)]


def runs_of(experience: str | Sequence[str] | Sequence[KnownRun] | None, problem: Problem) -> list[KnownRun]:
    """Experience as settings have it, read; none for None."""
    given = [experience] if isinstance(experience, str) else list(experience or [])
    names = [each for each in given if isinstance(each, str)]
    return [*(each for each in given if isinstance(each, KnownRun)), *read_runs(names, problem)]


def write_runs(runs: Iterable[KnownRun], path: Path, problem: str) -> None:
    """One network a line as JSON, compressed, with what became of it in each group: `{amount: loss}`."""
    lines: dict[str, dict[str, Any]] = {}
    for run in runs:
        known = {"problem": problem, "architecture": run.architecture, "shape": run.shape}
        line = lines.setdefault(json.dumps(run.architecture, sort_keys=True), {**known, "losses": {}})
        line["losses"].setdefault(run.group, {})[f"{run.amount:g}"] = run.loss
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines.values())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))  # the same bytes for the same runs


def _read(name: str, problem: Problem) -> list[KnownRun]:
    path = problem.experience.get(name, Path(name))
    if not path.exists():
        shipped = f", or {', '.join(problem.experience)}" if problem.experience else ""
        raise InputError(
            f"search.experience={name}: no such folder or file; give a study's, as logs/nas/NAME{shipped}"
        )
    found = _of_study(path, problem) if path.is_dir() else _of_file(path, problem)
    if not found:
        raise InputError(f"search.experience={name}: no finished run of problem={problem.name} in it")
    return found


def _of_study(folder: Path, problem: Problem) -> list[KnownRun]:
    """Every rung of every candidate, with the epochs that it has behind it."""
    records = [Record.read(path) for path in sorted(folder.rglob(FILE_NAME))]
    ended = sorted(
        (r for r in records if r.status == "ok" and r.score is not None and r.problem in ("", problem.name)),
        key=lambda record: (record.finished or "", record.rung, record.candidate),
    )
    behind: dict[tuple[str, str, int | None], float] = {}
    found = []
    for record in ended:
        own = (record.study, record.candidate, record.seed)
        behind[own] = behind.get(own, 0.0) + (record.epochs or 0)
        group = str(record.data.get("fingerprint", record.study))
        if record.architecture and behind[own]:
            found.append(KnownRun(group, behind[own], record.loss, record.architecture, record.shape))
    return found


def _of_file(path: Path, problem: Problem) -> list[KnownRun]:
    try:
        lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
        return [
            KnownRun(group, float(amount), float(loss), line["architecture"], line["shape"])
            for line in lines
            if line["problem"] == problem.name
            for group, losses in line["losses"].items()
            for amount, loss in losses.items()
        ]
    except (OSError, EOFError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(
            f"search.experience: {path} is no file of experience ({error}); give a study's folder"
        ) from error
