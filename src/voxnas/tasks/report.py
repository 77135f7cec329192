"""The report on a study, from where its records lie to what the terminal shows."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from voxnas.problems.base import Problem
from voxnas.problems.find import of_one_problem
from voxnas.problems.sections import SideBySide
from voxnas.records.claim import in_turn
from voxnas.records.collect import load_results
from voxnas.records.study import ANSWER, PLAN
from voxnas.report.build import write_report
from voxnas.report.listening import read_answers
from voxnas.report.one_file import write_one_file
from voxnas.report.page.write import FILE
from voxnas.report.review import Review, review
from voxnas.report.tables import terminal
from voxnas.utils.errors import InputError
from voxnas.utils.files import remove_temporaries


def locate(study: str | None, results: str | None, output_dir: str | None, log_dir: str) -> tuple[Path, Path]:
    """The folder of the records, and the report's."""
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


def look(
    source: Path,
    fallback: str,
    wanted: Problem | None = None,
    objectives: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Review:
    """The records under `source`, looked at; see `of_one_problem` and `review` for the arguments."""
    records, problem = of_one_problem(load_results(source), fallback, wanted)
    return review(records, problem, objectives, options)


def make_report(
    source: Path, output_dir: Path, look: Callable[[], Review], measure_again: bool = True
) -> None:
    """Look at a study, write its report in turn with other processes, and show the frontier.

    What is wrong with the records is said before anything is made. With `measure_again` the frontier is
    measured side by side.
    """
    result = look()
    with in_turn(output_dir) as claim:
        if claim.waited:  # for another process's report; there may be more results now
            result = look()
        remove_temporaries(output_dir)
        again = result.sections.side_by_side(result.frontier) if measure_again else SideBySide()
        together = write_one_file(result, output_dir)
        found, plan = line(source, ANSWER), line(source, PLAN)
        answers = read_answers(source if source.is_dir() else source.parent)
        written = write_report(result, output_dir, again, found, plan, together, answers)
    show(result, [*again.notices, *together.notices, *answers.notices], found, written)


def line(study: Path, file: str) -> str:
    """What a study's search left in this file of its folder, if it is there."""
    path = study / file
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def show(result: Review, notices: Sequence[str], answer: str, written: Sequence[Path]) -> None:
    """The notices, the frontier, the recommendations and the answer on the terminal."""
    console = Console(markup=False, highlight=False)
    for notice in [*result.notices, *notices]:
        console.print(notice, style="yellow", soft_wrap=True)
    console.print(terminal(result.frontier, [o.name for o in result.objectives], result.problem))
    for pick in result.picks:
        name = "none" if pick.row is None else result.candidates["candidate"].iloc[pick.row]
        console.print(f"{pick.title}: {name}, {pick.why}")
    if answer:
        console.print(answer, soft_wrap=True)
    console.print(f"{written[-1]} and {len(written) - 1} files beside it", soft_wrap=True)
    page = next((path for path in written if path.name == FILE), None)
    if page:
        console.print(f"{page}: open it in a browser, to look and to listen", soft_wrap=True)
