"""The view of many runs' losses says what sets the runs apart."""

from pathlib import Path

from voxnas.models.strings.net import StringNet
from voxnas.problems.string.report.losses import MOST, losses_plot, runs_of
from voxnas.records.record import Record


def run(folder: Path, name: str, score: float | None, losses: list[float], **settings) -> None:
    status = "ok" if score is not None else "rejected"
    record = Record(name, "s", "rung1", identity="x", status=status, problem="string")
    record.architecture = StringNet(hidden=settings.pop("hidden", "none")).architecture()
    record.settings, record.score = settings, score
    record.history = [
        {"epoch": epoch, "score": 1.0, "seconds": 1.0, "train_loss": loss}
        for epoch, loss in enumerate(losses)
    ]
    (folder / name).mkdir(parents=True)
    record.write(folder / name)


def legend(folder: Path) -> list[str]:
    figure = losses_plot(runs_of([folder, folder]))
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_runs_stand_side_by_side_with_what_differs(tmp_path):
    run(tmp_path, "soft", 0.5, [1.0, 0.1], hidden="8", rate=0.1)
    run(tmp_path, "hard", 0.25, [1.0, 0.2], hidden="16", rate=0.1)
    run(tmp_path, "blown", None, [1.0, 9.0], hidden="16", rate=10.0)
    (tmp_path / "half").mkdir()
    (tmp_path / "half/record.json").write_text("{")
    assert legend(tmp_path) == [
        "hard: score 0.25\nhidden 16, rate 0.1",
        "soft: score 0.5\nhidden 8, rate 0.1",
        "blown: rejected\nhidden 16, rate 10.0",
    ]
    axes = losses_plot(runs_of([tmp_path])).axes[0]
    assert [list(line.get_ydata()) for line in axes.lines] == [[1.0, 0.2], [1.0, 0.1], [1.0, 9.0]]


def test_of_very_many_runs_the_best_are_shown(tmp_path):
    for number in range(MOST + 2):
        run(tmp_path, f"r{number}", float(number), [1.0, 0.5])
    assert [line.split(":")[0] for line in legend(tmp_path)] == [f"r{number}" for number in range(MOST)]
    title = losses_plot(runs_of([tmp_path])).axes[0].get_title(loc="left")
    assert f"the best {MOST} of {MOST + 2} runs" in title


def test_without_a_history_it_says_so(tmp_path):
    run(tmp_path, "none", 1.0, [])
    words = [text.get_text() for text in losses_plot(runs_of([tmp_path])).texts]
    assert any("no record of these runs has a history" in word for word in words)
