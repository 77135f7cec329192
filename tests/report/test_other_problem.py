"""A report on a problem that says nothing about reports, and of which a large score is good."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from voxnas.problems.base import Problem, Score
from voxnas.records.collect import collect
from voxnas.records.record import Record
from voxnas.report.build import write_report
from voxnas.report.curves import loss_curves
from voxnas.report.plots import plane
from voxnas.report.review import Review, review
from voxnas.report.rungs import eliminations, rungs_plot

ROOT = Path(__file__).parents[2]
OWN = ["genotype_plot.py", "cell_graph.py", "choice_maps.py"]  # pictures of differentiable searches
WORDS = re.compile(
    r"\b(ESR|amps?|wavenet|nam|best_val_loss|val_esr|cpu_rtf|latency|aliasing|asr|Neural Amp Modeler)\b", re.I
)


class Colours(Problem):
    """A tiny problem: which colour is it?"""

    name = "colours"
    score = Score(
        "accuracy",
        "validation accuracy",
        "accuracy",
        maximise=True,
        words=((0.9, "sharp"), (0.5, "better than a coin")),
        otherwise="guessing",
    )

    def module(self, network, data, recipe):
        raise NotImplementedError

    def shape(self, network, data):
        raise NotImplementedError


PROBLEM = Colours()


def write(root: Path, candidate: str, accuracy: float | None, size: int, rung="phase1", **others) -> None:
    scores = [] if accuracy is None else [0.4 * accuracy, accuracy]
    Record(
        candidate=candidate,
        study="mine",
        rung=rung,
        status=others.pop("status", "ok"),
        identity="1",
        problem="colours",
        maximise=True,
        score=accuracy,
        shape={"parameters": size},
        architecture={"type": "Palette", "name": candidate, "widths": [size, size]},
        history=[{"epoch": n, "score": s, "train_loss": 1 - s} for n, s in enumerate(scores)],
        **others,
    ).write(root / rung / candidate)


@pytest.fixture
def study(tmp_path: Path) -> Review:
    write(tmp_path, "large", 0.8, 1000)
    write(tmp_path, "small", 0.4, 10)
    write(tmp_path, "beaten", 0.3, 500)
    write(tmp_path, "worst", 0.2, 2000)
    write(tmp_path, "large", 0.95, 1000, rung="phase2")
    write(tmp_path, "wrong", None, 10, status="failed", reason="no colours")
    return review(collect(tmp_path), PROBLEM)


def test_the_frontier_and_its_order_go_by_the_large_score(study):
    assert study.frontier["candidate"].tolist() == ["large", "small"]
    picks = {p.title: (study.candidates["candidate"].iloc[p.row], p.why) for p in study.picks}
    assert list(picks) == ["best quality", "best balance"]
    assert picks["best quality"] == ("large", "highest validation accuracy, 0.95 (sharp)")
    assert [(o.name, o.maximise) for o in study.objectives] == [("score", True), ("parameters", False)]


def test_places_in_a_rung_count_from_the_largest_score(study):
    table = eliminations(study.compared, study.objectives, PROBLEM).set_index("candidate")
    assert list(table.index) == ["large", "small", "beaten", "worst", "wrong"]
    assert table.loc["small", "why"] == "place 2 of 4 by accuracy, front 1; 1 went on, of fronts up to 1"
    assert table.loc["worst", "why"].startswith("place 4 of 4 by accuracy, front 3;")


def test_the_line_of_a_plane_rises_to_the_good_side(study):
    axes = plane(study.candidates, study.mask, "parameters", "score", PROBLEM).axes[0]
    x, y = axes.get_lines()[0].get_data()
    assert (list(x), list(y)) == ([10, 1000], [0.4, 0.95])


def test_curves_are_of_the_score_on_a_plain_axis(study):
    for figure in (loss_curves(study.records, ["large"], PROBLEM), rungs_plot(study.records, PROBLEM)):
        assert figure.axes[0].get_yscale() == "linear"
        assert figure.axes[0].get_ylabel() == "Validation accuracy"


def test_the_whole_report_speaks_of_nothing_but_the_problem(study, tmp_path):
    written = write_report(study, tmp_path / "report")
    assert {p.name for p in written if p.suffix == ".png"} == {
        *("score_vs_parameters.png", "loss_curves.png", "rungs.png", "frontier_growth.png", "importance.png")
    }
    page = (tmp_path / "report" / "summary.md").read_text(encoding="utf-8")
    assert "| large | phase2 | sharp | 0.95 | 1,000 |" in page
    assert "![Quality against parameters](score_vs_parameters.png)" in page
    assert "Pareto frontier of validation accuracy (large is good), parameters" in page
    assert not WORDS.findall(page)


def test_its_tables_have_its_column_and_read_back(study, tmp_path):
    write_report(study, tmp_path / "report")
    table = pd.read_csv(tmp_path / "report" / "all_results.csv")
    assert list(table.columns[:3]) == ["accuracy", "best_train_loss", "best_epoch"]
    assert table.columns[-1] == "problem"
    assert table["accuracy"].max() == 0.95
    assert "maximise" not in table


def test_an_objective_goes_by_the_column_s_name_and_its_own_direction(tmp_path):
    write(tmp_path, "a", 0.8, 1000)
    write(tmp_path, "b", 0.4, 10)
    assert review(collect(tmp_path), PROBLEM, ["accuracy"]).frontier["candidate"].tolist() == ["a"]
    assert review(collect(tmp_path), PROBLEM, ["-score"]).frontier["candidate"].tolist() == ["b"]


def test_a_problem_whose_networks_have_no_size_is_judged_by_the_score_alone(tmp_path):
    Record("a", "mine", "phase1", "ok", "1", score=0.5).write(tmp_path / "a")
    result = review(collect(tmp_path), PROBLEM)
    assert [o.name for o in result.objectives] == ["score"]
    assert result.notices == ["objective parameters: no candidate has it, left out"]
    write_report(result, tmp_path / "report")


def test_the_frame_names_no_problem_no_figure_of_one_and_no_architecture():
    frame = [p for p in (ROOT / "src/voxnas/report").glob("*.py") if p.name not in OWN]
    for path in [*frame, ROOT / "src/report.py", ROOT / "src/voxnas/tasks/report.py"]:
        assert not WORDS.findall(path.read_text(encoding="utf-8")), path


def test_a_report_starts_without_what_trains():
    code = (
        "import sys; import voxnas.tasks.report; from voxnas.problems.amp.problem import AmpProblem;"
        "AmpProblem().report(); print([m for m in ('torch', 'lightning') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
