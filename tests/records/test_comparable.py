"""Costs are only compared with costs that were measured the same way."""

import math
from pathlib import Path

import pandas as pd
import pytest

from voxnas.records.collect import collect
from voxnas.records.comparable import comparable
from voxnas.records.record import Record, measured

COSTS = ("cpu_rtf", "cpu_mean_ms")


def write(
    root: Path, name: str, rtf: float, engine: str = "native", size: int | None = 64, **others: object
) -> None:
    cost = measured({"cpu_rtf": rtf, "cpu_mean_ms": 9 * rtf}, engine=engine, block_size=size)
    values = {"candidate": name, "study": "s", "rung": "phase1", "status": "ok", "identity": "1"} | others
    folder = root / str(values["rung"]) / name
    Record(**values, cost=cost).write(folder)  # type: ignore[arg-type]


def costs(records: pd.DataFrame, name: str = "cpu_rtf") -> dict[str, float]:
    return dict(zip(records["candidate"], records[name], strict=True))


def compare(root: Path) -> tuple[pd.DataFrame, list[str]]:
    return comparable(collect(root), COSTS, ["score", "cpu_rtf"])


def test_costs_that_were_all_measured_alike_stay_as_they_are(tmp_path: Path) -> None:
    write(tmp_path, "a", 0.1)
    write(tmp_path, "b", 0.2)
    records, notices = compare(tmp_path)
    pd.testing.assert_frame_equal(records, collect(tmp_path))
    assert notices == []


def test_a_cost_in_blocks_of_another_size_gives_way_to_the_one_at_the_size_of_most(tmp_path: Path) -> None:
    write(tmp_path, "a", 0.1)
    write(tmp_path, "b", 0.2)
    rows = [{"block_size": 512, "rtf": 0.01}, {"block_size": 64, "rtf": 0.3}]
    write(tmp_path, "c", 0.01, size=512, details={"benchmarks": rows})
    records, notices = compare(tmp_path)
    assert costs(records) == {"a": 0.1, "b": 0.2, "c": 0.3}
    assert math.isnan(costs(records, "cpu_mean_ms")["c"]), "it was not measured at that size"
    assert records["block_size"].tolist() == [64, 64, 64]
    assert notices == [], "the cost that is asked for is known of all"


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"size": 512}, "engine native, blocks of 512"),
        ({"engine": "torch"}, "engine torch, blocks of 64"),
        ({"engine": "torch", "size": None}, "engine torch, blocks of unknown"),
    ],
)
def test_one_that_cannot_be_compared_is_unknown_with_a_notice(tmp_path: Path, conditions, words) -> None:
    write(tmp_path, "a", 0.1)
    write(tmp_path, "b", 0.2)
    rows = [{"block_size": 64, "rtf": 0.3}] if "engine" in conditions else []
    write(tmp_path, "c", 0.01, details={"benchmarks": rows}, **conditions)
    write(tmp_path, "failed", 0.01, status="failed", **conditions)
    records, notices = compare(tmp_path)
    assert math.isnan(costs(records)["c"])
    assert notices == [
        f"cpu_rtf: 1 of 3 candidates were measured otherwise ({words}) and are not compared;"
        " the same command measures them again"
    ]


def test_how_most_candidates_were_measured_goes_by_their_last_rungs(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path, name, 0.1, size=512)
    for name in "ab":
        write(tmp_path, name, 0.2, rung="phase2")
    records, _ = compare(tmp_path)
    assert costs(records[records["rung"] == "phase2"]) == {"a": 0.2, "b": 0.2}
    assert records.loc[records["rung"] == "phase1", "cpu_rtf"].isna().all()


def test_runs_that_do_not_say_how_they_were_measured_are_taken_at_their_word(tmp_path: Path) -> None:
    write(tmp_path, "a", 0.1)
    write(tmp_path, "own", 0.2, engine="", size=None)
    records, notices = compare(tmp_path)
    assert costs(records) == {"a": 0.1, "own": 0.2}
    assert notices == []


def test_a_table_without_costs_or_conditions_is_left_alone() -> None:
    table = pd.DataFrame(
        {"study": "", "candidate": ["a"], "rung": "", "status": "ok", "created": "", "score": 1.0}
    )
    records, notices = comparable(table, COSTS, ["cpu_rtf"])
    assert records["score"].tolist() == [1.0]
    assert notices == []
