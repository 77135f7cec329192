"""The frontier in one file, for players that go through its models by a slider."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxnas.export.containers import CONTAINERS
from voxnas.problems.base import Score
from voxnas.records.record import FILE_NAME, Record
from voxnas.report.review import Review
from voxnas.report.tables import markdown
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    from voxnas.export.container_costs import Costs
    from voxnas.export.pack import Packed

HEADING = "## The frontier in one file"


@dataclass(frozen=True)
class OneFile:
    """The frontier in one file.

    Args:
        file: its name in the report's folder; empty where there is none.
        words: about it, as Markdown, with a table of its models in their order.
        notices: lines about what is not in it, or why there is none.
    """

    file: str = ""
    words: str = ""
    notices: Sequence[str] = ()

    def section(self) -> list[str]:
        """The parts of its section of the summary; none where the problem has no such files."""
        parts = [self.words] if self.file else [f"There is {notice}." for notice in self.notices]
        return [HEADING, *parts] if parts else []


def write_one_file(result: Review, output_dir: Path) -> OneFile:
    """Write the frontier of score and cost into one file, if one of the problem's formats has such files.

    In it are, by what they cost where they are played, the models of that format with a better score than
    all that cost no more. Where fewer than two are left, the file of an earlier report is removed.
    """
    kind = next((name for name in result.sections.formats if name in CONTAINERS), None)
    if kind is None:
        return OneFile()
    path = output_dir / f"frontier{CONTAINERS[kind]}"
    try:
        return _written(result, kind, path)
    except InputError as error:
        path.unlink(missing_ok=True)
        return OneFile(notices=[f"no {path.name}: {error}"])


def _written(result: Review, kind: str, path: Path) -> OneFile:
    runs = _exported(result, kind)
    if len(runs) < 2:
        has = "has" if len(runs) == 1 else "have"
        count = f"{len(runs)} of {len(result.candidates)} candidates"
        raise InputError(f"{count} {has} a file of format {kind}, and two are needed")
    from voxnas.export.container_costs import costs_of
    from voxnas.export.pack import pack_files

    rates = [int(run["sample_rate"]) for run in runs if (run.get("sample_rate") or 0) > 0]
    shapes = [Record.read(Path(run["folder"]) / FILE_NAME).architecture for run in runs]
    costs = costs_of(shapes, *rates[:1])
    steps = better_for_more(costs.values, [run["score"] for run in runs], result.problem.score)
    if len(steps) < 2:
        best = runs[steps[0]]["candidate"] if steps else "none"
        raise InputError(f"{best} is both the cheapest and the best")
    studies = ", ".join(sorted(set(result.records["study"]) - {""}))
    packed = pack_files([runs[i]["file"] for i in steps], path, studies)
    words = _words(path.name, result.problem.score, runs, steps, costs, packed)
    return OneFile(path.name, words, [f"{path.name}: {note}" for note in costs.notes])


def better_for_more(costs: Sequence[float], scores: Sequence[float], score: Score) -> list[int]:
    """The places of those with a better score than all that cost no more, by cost."""
    kept: list[int] = []
    losses = [-value if score.maximise else value for value in scores]
    known = [place for place, loss in enumerate(losses) if math.isfinite(loss)]
    for place in sorted(known, key=lambda i: (costs[i], losses[i])):
        if not kept or losses[place] < losses[kept[-1]]:
            kept.append(place)
    return kept


def _exported(result: Review, kind: str) -> list[dict[str, Any]]:
    """The candidates with a file of this format, its path beside their figures."""
    runs = [{str(key): value for key, value in row.items()} for row in result.candidates.to_dict("records")]
    return [run | {"file": Path(run["folder"]) / run[f"exports.{kind}"]} for run in runs if _has(run, kind)]


def _has(run: Mapping[str, Any], kind: str) -> bool:
    name = run.get(f"exports.{kind}")
    return (
        run["status"] == "ok"
        and isinstance(name, str)
        and bool(run["folder"])
        and (Path(run["folder"]) / name).is_file()
    )


def _words(
    file: str,
    score: Score,
    runs: Sequence[Mapping[str, Any]],
    steps: Sequence[int],
    costs: "Costs",
    packed: "Packed",
) -> str:
    from voxnas.drawing.style import capital

    places = [steps[place] for place in packed.places]
    rows = [
        [position, str(runs[i]["candidate"]), costs.text(i), score.text(runs[i]["score"])]
        for position, i in zip(packed.positions, places, strict=True)
    ]
    table = markdown([packed.title, "candidate", costs.title, score.title], rows, "llrr")
    some = f" {len(places)} of" if len(places) < len(steps) else ""
    which = f"the models that have a better {score.title} than all that cost no more"
    holds = f"[{file}]({file}) holds{some} {which}. {packed.played}"
    return "\n\n".join([holds, table, f"{capital(costs.title)}: {costs.meaning}."])
