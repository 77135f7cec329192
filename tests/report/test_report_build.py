"""What a report says about a study."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from material.synthetic import synthetic_study

from voxnas.problems.amp.figures import HEADLINE
from voxnas.problems.amp.problem import AmpProblem
from voxnas.problems.amp.report.side_by_side import timed
from voxnas.records.collect import collect
from voxnas.records.pareto import Objective
from voxnas.records.record import Record, measured
from voxnas.report.build import write_report
from voxnas.report.picks import recommend
from voxnas.report.review import review
from voxnas.utils.errors import InputError
from voxnas.utils.files import replacing

AMP = AmpProblem()
OBJECTIVES = ["best_val_loss", "latency_ms", "parameters", "cpu_rtf"]
TABLES = ["phase1_results.csv", "phase2_results.csv", "all_results.csv", "pareto_frontier.csv"]
PLOTS = [
    "quality_vs_latency.png",
    "quality_vs_params.png",
    "latency_vs_params.png",
    "quality_vs_cpu_rtf.png",
    "quality_vs_plugin_rtf.png",
    "pareto_3d.png",
    "loss_curves.png",
    "rungs.png",
    "frontier_growth.png",
    "importance.png",
    "aliasing.png",
]


def write(root, candidate, esr, latency, size, rtf, status="ok", **others):
    Record(
        candidate=candidate,
        study="mine",
        rung=others.pop("rung", "phase1"),
        status=status,
        identity="1",
        score=esr,
        shape={"latency_ms": latency, "parameters": size} | others.pop("shape", {}),
        cost=measured({"cpu_rtf": rtf} | others.pop("cost", {}), **others.pop("conditions", {})),
        **others,
    ).write(root / "phase1" / candidate)


@pytest.fixture
def study(tmp_path):
    """Six finished candidates of which three are on the frontier, and one of every other state."""
    exports = {
        "exports": {"nam": "model.nam"},
        "cost": {"cpu_realtime_capable": True},
        "conditions": {"block_size": 512},
        "shape": {"sample_rate": 48000},
    }
    write(tmp_path, "good", 0.001, 10.0, 10_000, 0.2, **exports)
    write(tmp_path, "twin", 0.001, 10.0, 10_000, 0.2, **exports)
    write(tmp_path, "fast", 0.02, 1.0, 5_000, 0.1, **exports)
    write(tmp_path, "worse", 0.02, 1.0, 6_000, 0.1)
    write(tmp_path, "infinite", math.inf, 0.1, 10, 0.001)
    write(tmp_path, "unmeasured", 0.0001, 0.1, 10, None)
    write(tmp_path, "bad", None, 99.0, 10, None, status="rejected", reason="max_latency_ms: 99 | 25")
    write(tmp_path, "cut", 0.00001, 0.1, 1, 0.001, status="interrupted", reason="by the user")
    write(tmp_path, "going", 0.00001, 0.1, 1, 0.001, status="running")
    return tmp_path


def test_frontier_with_ties_gaps_infinities_and_unfinished_runs(study):
    assert sorted(review(collect(study), AMP, OBJECTIVES).frontier["candidate"]) == ["fast", "good", "twin"]


def test_recommendations_by_hand(study):
    result = review(collect(study), AMP, OBJECTIVES)
    names = {p.title: result.candidates["candidate"].iloc[p.row] for p in result.picks}
    assert names["best quality"] in ("good", "twin")
    assert names["best latency"] == "fast"
    assert names["most efficient"] in ("good", "twin")  # .001 × 10,000 against .02 × 5,000
    assert names["best balance"] in ("good", "twin", "fast")


def test_best_latency_needs_the_quality(study):
    strict = {p.title: p for p in review(collect(study), AMP, OBJECTIVES, {"max_quality_esr": 0.01}).picks}
    assert strict["best latency"].why.startswith("looks back the least, 10.00 ms")
    none = {p.title: p for p in review(collect(study), AMP, OBJECTIVES, {"max_quality_esr": 1e-6}).picks}
    assert none["best latency"].row is None
    assert "no candidate reached a validation ESR of 1e-06; the best has 0.001" in none["best latency"].why


def test_best_balance_is_nearest_to_the_ideal_in_log(tmp_path):
    for name, esr, size in [("left", 1e-1, 1e3), ("middle", 5e-3, 1.2e4), ("right", 1e-3, 1e5)]:
        write(tmp_path, name, esr, 1.0, int(size), 0.1)
    result = review(collect(tmp_path), AMP, ["best_val_loss", "parameters"])
    assert result.candidates["candidate"].iloc[result.picks[3].row] == "middle"


def test_every_pick_is_on_the_frontier_of_a_large_study(tmp_path):
    synthetic_study(tmp_path / "s", 84, seed=3)
    result = review(collect(tmp_path / "s"), AMP, OBJECTIVES)
    assert all(result.mask[p.row] for p in result.picks)
    frame, values = result.candidates, result.candidates["score"]
    assert values.iloc[result.picks[0].row] == values[frame["status"] == "ok"].min()


def test_objectives_are_free_and_may_be_maximised(study):
    result = review(collect(study), AMP, ["best_val_loss", "-parameters"])
    assert sorted(result.frontier["candidate"]) == ["good", "twin", "unmeasured"]
    with pytest.raises(InputError, match="no numeric column `nope`"):
        review(collect(study), AMP, ["nope"])


def test_an_objective_that_nobody_has_is_left_out_with_a_notice(tmp_path):
    write(tmp_path, "a", 0.1, 1.0, 100, None)
    write(tmp_path, "b", 0.2, 2.0, 200, None)
    result = review(collect(tmp_path), AMP, OBJECTIVES)
    assert result.frontier["candidate"].tolist() == ["a"]
    assert [o.name for o in result.objectives] == ["score", *OBJECTIVES[1:3]]
    assert "cpu_rtf" in result.notices[0]


def test_ties_in_a_pick_go_to_the_better_in_the_other_objectives():
    frame = pd.DataFrame(
        {
            "status": "ok",
            "score": [0.01, 0.01, 0.02],
            "latency_ms": [2.0, 1.0, 1.0],
            "parameters": [9.0, 9.0, 1.0],
        }
    )
    result = recommend(frame, np.array([False, True, True]), [], AMP)
    assert result[0].row == 0  # no objective tells them apart: the first
    result = recommend(frame, np.array([False, True, True]), [Objective("latency_ms")], AMP)
    assert result[0].row == 1


@pytest.mark.parametrize("candidates", [0, 1, 12])
def test_the_report_is_whole_for_any_number_of_candidates(tmp_path, candidates):
    synthetic_study(tmp_path / "s", candidates, epochs=(3, 5), failures=candidates > 1)
    written = write_report(review(collect(tmp_path / "s"), AMP, OBJECTIVES), tmp_path / "report")
    assert {p.name for p in written} == {*TABLES, "departures.csv", *PLOTS, "report.html", "summary.md"}
    assert sorted(p.name for p in (tmp_path / "report").iterdir()) == sorted(p.name for p in written)
    for name in PLOTS:
        assert (tmp_path / "report" / name).read_bytes().startswith(b"\x89PNG")
    for name in TABLES:
        assert list(pd.read_csv(tmp_path / "report" / name).columns[: len(HEADLINE)]) == list(HEADLINE)


def test_tables_hold_the_rungs_apart_and_the_frontier_by_quality(tmp_path):
    synthetic_study(tmp_path / "s", 12, epochs=(3, 5))
    frame = collect(tmp_path / "s")
    write_report(review(frame, AMP, OBJECTIVES), tmp_path)
    tables = {name: pd.read_csv(tmp_path / name) for name in TABLES}
    assert len(tables["phase1_results.csv"]) == 12
    assert set(tables["phase2_results.csv"]["rung"]) == {"phase2"}
    assert len(tables["all_results.csv"]) == len(frame) == 12 + len(tables["phase2_results.csv"])
    assert tables["pareto_frontier.csv"]["best_val_loss"].is_monotonic_increasing
    assert tables["all_results.csv"]["parameters"].dtype.kind == "i"


def test_summary_says_what_to_take_what_failed_and_how_it_was_measured(study):
    out = study / "report"
    write_report(review(collect(study), AMP, OBJECTIVES), out)
    page = (out / "summary.md").read_text()
    assert "| rejected | max_latency_ms: 99 \\| 25 |" in page
    assert "| interrupted | by the user |" in page
    assert "512 samples at 48000 Hz are 10.7 ms" in page
    for heading in ("Recommendations", "Pareto frontier", "Failures and rejections", "How it was measured"):
        assert f"## {heading}" in page
    assert set(re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page)) == set(PLOTS)
    (study / "phase1" / "fast" / "model.nam").write_text("{}")
    link = re.search(r"\*\*best latency\*\* \| `fast` .*\[nam\]\(<([^>]+)>\)", page)
    assert link
    assert (out / link[1]).resolve() == study / "phase1" / "fast" / "model.nam"


def test_figures_of_a_profile_are_not_said_to_be_measured_here(tmp_path):
    write(tmp_path, "a", 0.01, 1.0, 1000, 0.1, conditions={"engine": "profile-avx512"})
    write_report(review(collect(tmp_path), AMP, OBJECTIVES), tmp_path / "out")
    assert "not measured here but told from the shape" in (tmp_path / "out" / "summary.md").read_text()


def test_a_long_frontier_is_cut_in_the_summary_and_whole_in_the_table(tmp_path):
    for i in range(60):
        write(tmp_path, f"c{i:02}", 0.001 * (i + 1), 60.0 - i, 1000, 0.1)
    write_report(review(collect(tmp_path), AMP, OBJECTIVES), tmp_path / "out")
    page = (tmp_path / "out" / "summary.md").read_text()
    assert "… and 20 more in [pareto_frontier.csv]" in page
    assert len(pd.read_csv(tmp_path / "out" / "pareto_frontier.csv")) == 60


def test_what_goes_wrong_leaves_the_old_file(tmp_path):
    def interrupted():
        with replacing(tmp_path / "a.txt") as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_timings_side_by_side_are_a_table_and_a_column_and_leave_records_alone(study):
    result = review(collect(study), AMP, OBJECTIVES)
    shared = {"engine": "native", "cpu_model": "A CPU", "recorded_block_size": 512}
    timings = [
        {"folder": row["folder"], "block_size": size, "rtf": rtf, "spread": 0.03, **shared}
        for row, rtf in zip(result.frontier.to_dict("records"), (0.123, 0.234, 0.345), strict=True)
        for size in (512, 64)
    ]
    out = study / "report"
    written = write_report(result, out, timed(timings))
    assert out / "frontier_cpu.csv" in written
    table = pd.read_csv(out / "frontier_cpu.csv")
    assert table["block_size"].tolist() == 3 * [512, 64]
    assert all((out / folder).resolve().is_dir() for folder in table["folder"])
    page = (out / "summary.md").read_text()
    assert "| CPU side by side | exported |" in page
    for rtf, name in zip((0.123, 0.234, 0.345), result.frontier["candidate"], strict=True):
        line = next(line for line in page.splitlines() if line.startswith(f"| {name} | phase1"))
        assert f" {rtf} |" in line
    assert "native engine, A CPU, rounds within 3% of each other. For blocks of 64, 512 samples" in page
    records = collect(study)
    assert records.equals(result.records[records.columns])

    write_report(result, out)
    assert not (out / "frontier_cpu.csv").exists()  # an earlier one would not be of this frontier
    assert "side by side" not in (out / "summary.md").read_text()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.filterwarnings("error")
def test_odd_figures_and_names_make_neither_errors_nor_warnings(tmp_path, seed):
    generator = np.random.default_rng(seed)
    values = [None, math.nan, math.inf, 0.0, -1.0, 1e-9, 0.01, 0.01, 1e6]
    for i in range(12):
        esr, latency, rtf = (values[k] for k in generator.integers(0, len(values), 3))
        size = [None, 0, 5, 1000][generator.integers(0, 4)]
        history = [{"epoch": k, "score": values[k]} for k in range(1, 6)]
        rung = ["", "phase1", "phase10"][i % 3]
        write(tmp_path, f"a${i}_|[b]$", esr, latency, size, rtf, rung=rung, reason="x\ny", history=history)
    write(tmp_path, "sound", 0.1, 1.0, 10, 0.1)
    result = review(collect(tmp_path), AMP, ["best_val_loss", "latency_ms", "parameters", "-cpu_rtf"])
    assert (
        len(write_report(result, tmp_path / "report")) == len(TABLES) + 3 + len(PLOTS) + 1
    )  # departures, the page, phase10's
