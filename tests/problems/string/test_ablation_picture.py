"""The report's picture of what each choice of a study did."""

from pathlib import Path

from test_epoch_losses import run

from voxnas.problems.string.report.ablation import ablation_plot, runs_of_study, scores_by


def study(folder: Path) -> list:
    run(folder / "rung1", "small", 0.5, [1.0], hidden="8", rate=0.1)
    run(folder / "rung1", "large", 0.2, [1.0], hidden="16", rate=0.1)
    run(folder / "rung1", "wild", 4.0, [1.0], hidden="16", rate=9.0)
    run(folder / "rung1", "blown", None, [9.0], hidden="64", rate=9.0)
    return runs_of_study([str(folder / "rung1/small")])


def test_a_choice_s_values_have_the_scores_of_their_runs_the_best_median_first(tmp_path):
    assert scores_by(study(tmp_path), "hidden") == {"8": [0.5], "16": [0.2, 4.0]}
    assert scores_by(study(tmp_path / "b"), "rate") == {"0.1": [0.2, 0.5], "9.0": [4.0]}


def test_each_choice_that_was_not_always_the_same_has_a_panel(tmp_path):
    figure = ablation_plot(study(tmp_path))
    shown = [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()]
    assert shown == ["hidden", "rate"]


def test_of_one_run_nothing_can_be_said(tmp_path):
    run(tmp_path / "rung1", "only", 0.5, [1.0])
    figure = ablation_plot(runs_of_study([str(tmp_path / "rung1/only")]))
    assert any("no two finished runs" in text.get_text() for text in figure.texts)
    assert ablation_plot([])
