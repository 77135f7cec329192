"""What a report says of the search itself: its growth, what mattered, who left when."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.collect import collect
from voxnas.records.pareto import Objective
from voxnas.records.record import Record
from voxnas.report.growth import growth
from voxnas.report.importance import choices, importances
from voxnas.report.rungs import eliminations

AMP = AmpProblem()
ESR, SIZE = Objective("score"), Objective("parameters")


def write(root: Path, candidate: str, rung: str = "rung1", status: str = "ok", **values) -> None:
    values.setdefault("train_seconds", 60.0)
    if "parameters" in values:
        values["shape"] = {"parameters": values.pop("parameters")}
    Record(candidate=candidate, study="s", rung=rung, status=status, identity="1", **values).write(
        root / rung / candidate
    )


def at(minute: int) -> dict[str, str]:
    return {"finished": f"2026-01-01T00:{minute:02d}:00+00:00"}


def test_the_frontier_grows_in_the_order_in_which_runs_ended(tmp_path: Path) -> None:
    write(tmp_path, "late", score=0.01, parameters=10, **at(3))
    write(tmp_path, "first", score=0.1, parameters=100, **at(1))
    write(tmp_path, "dominated", score=0.1, parameters=100, **at(2))
    write(tmp_path, "failed", status="failed", **at(0))
    curve = growth(collect(tmp_path), [ESR, SIZE])
    assert list(curve[:, 0]) == [60, 120, 180, 240]
    failed, first, dominated, last = curve[:, 1]
    assert failed == 0 < first == dominated < last
    assert last == pytest.approx(1.0), "the one that is best in both fills the box"


def test_a_search_before_the_run_took_time_too(tmp_path: Path) -> None:
    write(tmp_path, "found", score=0.1, search={"seconds": 40.0}, **at(2))
    write(tmp_path, "given", score=0.2, **at(1))
    assert list(growth(collect(tmp_path), [ESR])[:, 0]) == [60, 160]


def test_nothing_grows_where_nothing_finished(tmp_path: Path) -> None:
    write(tmp_path, "failed", status="failed")
    assert growth(collect(tmp_path), [ESR]).shape == (0, 2)


def array(channels: int, kernel_size: int) -> dict:
    shape = {"channels": channels, "kernel_sizes": [kernel_size] * 2, "dilations": [1, 2]}
    return {"type": "WaveNet", "layer_arrays": [{**shape, "activations": ["Tanh", "ReLU"]}]}


def test_importance_finds_what_decided_each_objective(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for number in range(60):
        channels, kernel = int(random.integers(1, 32)), int(random.integers(2, 16))
        figures = {"score": 1.0 / channels, "parameters": 100 * kernel}
        write(tmp_path, f"c{number}", architecture=array(channels, kernel), **figures)
    shares = importances(collect(tmp_path), [ESR, SIZE], AMP.report())
    assert shares.loc["channels", "score"] > 0.9
    assert shares.loc["kernel size", "parameters"] > 0.9
    assert shares.sum().tolist() == pytest.approx([1, 1])
    assert "activation" not in shares.index, "it was the same for all"


def test_importance_says_nothing_of_a_handful(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path, f"c{number}", architecture=array(number + 1, 3), score=0.1)
    assert importances(collect(tmp_path), [ESR], AMP.report()).empty


def test_each_array_s_choices_are_its_own(tmp_path: Path) -> None:
    two = array(4, 3)
    two["layer_arrays"] += array(2, 5)["layer_arrays"]
    write(tmp_path, "two", architecture=two, settings={"seed": 3})
    row = choices(collect(tmp_path), AMP.report()).iloc[0]
    assert (row["arrays"], row["array 1 channels"], row["array 2 channels"]) == (2, 4, 2)
    assert (row["array 2 kernel size"], row["array 1 activation"], row["seed"]) == (5, "ReLU Tanh", 3)


def test_who_left_at_which_rung_and_why(tmp_path: Path) -> None:
    write(tmp_path, "good", score=0.01, parameters=10)
    write(tmp_path, "poor", score=0.2, parameters=100)
    write(tmp_path, "big", status="rejected", reason="99 parameters > max_params 9", train_seconds=None)
    write(tmp_path, "good", "rung2", score=0.001, parameters=10)
    table = eliminations(collect(tmp_path), [ESR, SIZE], AMP).set_index("candidate")
    assert list(table.index) == ["good", "poor", "big"]
    assert (table.loc["good", "left_at"], table.loc["good", "why"]) == ("rung2", "the last rung")
    assert table.loc["poor", "why"] == "place 2 of 2 by ESR, front 2; 1 went on, of fronts up to 1"
    assert table.loc["big", "why"] == "rejected: 99 parameters > max_params 9"
    assert isinstance(table, pd.DataFrame)


def test_who_is_trained_afresh_in_the_final_was_not_left_behind(tmp_path: Path) -> None:
    for name, score in (("good", 0.01), ("poor", 0.02)):
        write(tmp_path, name, score=score, parameters=1)
    write(tmp_path, "good_seed-11", "final", score=0.012, parameters=1)
    table = eliminations(collect(tmp_path), [ESR, SIZE], AMP).set_index("candidate")
    assert list(table.index) == ["good_seed-11", "good", "poor"]
    assert list(table["why"])[:2] == ["the last rung"] * 2
    assert table.loc["poor", "why"].startswith("place 2 of 2")
