"""The whole report of a study: tables, plots and summary in one folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from voxnas.problems.sections import SideBySide
from voxnas.records.collect import rung_order
from voxnas.report.listening import Answers, listening_parts
from voxnas.report.one_file import OneFile
from voxnas.report.review import Review
from voxnas.report.rungs import eliminations
from voxnas.report.tables import ELIMINATIONS, in_order, write_csv
from voxnas.utils.files import write_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

RUNGS = ("phase1", "phase2")  # these tables are always written, if only with a header


def write_report(
    result: Review,
    output_dir: Path,
    again: SideBySide | None = None,
    answer: str = "",
    plan: str = "",
    together: OneFile | None = None,
    answers: Answers | None = None,
) -> list[Path]:
    """Write tables, plots, `report.html` and `summary.md` into `output_dir`, and return their paths.

    `again` has the frontier measured side by side; `answer` goes before everything else, `plan` after the
    overview; `together` is the frontier in one file, which is there already; `answers` are what listeners
    said. Each file is replaced in one step; `summary.md` comes last, so that what it shows is there.
    """
    eliminated = eliminations(result.compared, result.objectives, result.problem)
    written = _write_tables(result, eliminated, output_dir) + _write_again(result, again, output_dir)
    together = together or OneFile()
    written += [output_dir / together.file] if together.file else []
    pictures = write_pictures(result, output_dir)
    from voxnas.report.page.write import write_page
    from voxnas.report.summary import summary

    listened = listening_parts(result, answers or Answers())
    plain = [part.plain() for part in listened]
    written.append(write_page(result, eliminated, output_dir, answer, plain))
    page = summary(result, eliminated, pictures, output_dir, again, answer, plan, together, listened)
    write_text(output_dir / "summary.md", page)
    return [*written, *(output_dir / name for name in pictures), output_dir / "summary.md"]


def _write_tables(result: Review, eliminated: "pd.DataFrame", output_dir: Path) -> list[Path]:
    rungs = sorted({*RUNGS, *result.records["rung"]} - {""}, key=rung_order)
    tables = {f"{rung}_results.csv": result.records[result.records["rung"] == rung] for rung in rungs}
    tables |= {"all_results.csv": result.records, "pareto_frontier.csv": result.frontier}
    for name, rows in tables.items():
        write_csv(in_order(rows, result.problem), output_dir / name, result.problem)
    write_csv(eliminated, output_dir / ELIMINATIONS, result.problem)
    return [output_dir / name for name in (*tables, ELIMINATIONS)]


def _write_again(result: Review, again: SideBySide | None, output_dir: Path) -> list[Path]:
    """One of an earlier report would not be of this frontier."""
    path = output_dir / result.sections.side_by_side_table
    if again is None or not again.rows:
        path.unlink(missing_ok=True)
        return []
    import pandas as pd

    write_csv(pd.DataFrame(again.rows), path, result.problem)
    return [path]


def write_pictures(result: Review, output_dir: Path) -> Mapping[str, str]:
    """Write the plots, and return what each file shows."""
    from voxnas.drawing.style import save

    shown = {}
    for name, (words, figure) in _pictures(result).items():
        save(figure, output_dir / name)
        shown[name] = words
    return shown


def _pictures(result: Review) -> dict[str, tuple[str, "Figure"]]:
    """File → what it shows, and the figure."""
    from voxnas.drawing.style import capital
    from voxnas.report.curves import loss_curves, while_training
    from voxnas.report.growth import growth_plot
    from voxnas.report.importance import importances
    from voxnas.report.importance_plot import importance_plot
    from voxnas.report.rungs import rungs_plot

    problem, frontier = result.problem, list(result.frontier["candidate"])
    picked = [str(result.candidates["candidate"].iloc[p.row]) for p in result.picks if p.row is not None]
    shares = importances(result.candidates, result.objectives, result.sections)
    return {
        **_by_figures(result),
        "loss_curves.png": (
            while_training(problem),
            loss_curves(result.records, frontier, problem, picked),
        ),
        "rungs.png": (
            f"{capital(problem.score.title)} from rung to rung",
            rungs_plot(result.records, problem),
        ),
        "frontier_growth.png": (
            "Hypervolume of the frontier against training time",
            growth_plot(result.compared, result.objectives, problem),
        ),
        "importance.png": (
            "Importance of each choice for each objective",
            importance_plot(shares, problem),
        ),
        **{own.file: (own.words, own.draw(result.frontier, picked)) for own in result.sections.pictures},
    }


def _by_figures(result: Review) -> dict[str, tuple[str, "Figure"]]:
    """Candidates in the problem's planes, and in its space if it has one."""
    from voxnas.report.plots import plane, plane_heading
    from voxnas.report.space import space, space_heading

    candidates, mask, problem, sections = result.candidates, result.mask, result.problem, result.sections
    pictures = {
        name: (
            plane_heading(x, y, problem),
            plane(candidates, mask, x, y, problem, result.picks, sections.guides),
        )
        for name, (x, y) in sections.planes.items()
    }
    if axes := sections.space:
        figure = space(candidates, mask, axes, problem, result.picks)
        pictures["pareto_3d.png"] = (space_heading(axes, problem), figure)
    return pictures
