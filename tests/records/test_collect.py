"""Records on disk become rows, whatever state they are in."""

import json
import math

import pandas as pd
import pytest

from voxnas.problems.amp.figures import HEADLINE
from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.collect import COLUMNS, collect, history, latest, load_results, rung_order
from voxnas.records.record import Record, measured
from voxnas.report.tables import in_order, write_csv
from voxnas.utils.errors import InputError

AMP = AmpProblem()


def write(root, candidate, rung="phase1", **figures):
    figures = {"study": "mine", "status": "ok", "identity": "1", "problem": "amp"} | figures
    folder = root / rung / candidate
    Record(candidate=candidate, rung=rung, **figures).write(folder)
    return folder


def test_every_record_is_a_row(tmp_path):
    bench = [{"block_size": 64, "rtf": 0.3, "cpu_model": "X"}, {"block_size": 512, "rtf": 0.2}]
    folder = write(
        tmp_path,
        "a",
        shape={"parameters": 100},
        score=0.01,
        exports={"nam": "a.nam"},
        machine={"cpu": {"model": "X"}},
        data={"train": [0, 60]},
        details={"benchmarks": bench},
        history=[{"epoch": 0, "score": 0.5}],
    )
    write(tmp_path, "b", rung="phase2", status="rejected", reason="too slow")
    frame = collect(tmp_path)
    assert frame["candidate"].tolist() == ["a", "b"]
    row = frame.iloc[0]
    assert (row["parameters"], row["exports.nam"], row["machine.cpu.model"]) == (100, "a.nam", "X")
    assert (row["cpu_rtf_block64"], row["cpu_rtf_block512"], row["data.train"]) == (0.3, 0.2, "[0, 60]")
    assert row["folder"] == str(folder)
    assert frame.iloc[1]["reason"] == "too slow"
    assert math.isnan(frame.iloc[1]["score"])
    assert history(folder) == [{"epoch": 0, "score": 0.5}]


def test_an_empty_folder_has_the_columns_and_no_row(tmp_path):
    frame = collect(tmp_path)
    assert frame.empty
    assert list(frame.columns) == COLUMNS


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"candidate": "x"}', "\x00\xff"])
def test_a_broken_record_is_a_warning_and_no_row(tmp_path, caplog, text):
    write(tmp_path, "good")
    broken = tmp_path / "phase1" / "bad" / "record.json"
    broken.parent.mkdir()
    broken.write_text(text, encoding="latin-1")
    assert collect(tmp_path)["candidate"].tolist() == ["good"]
    assert [str(broken) in message for message in caplog.messages] == [True]
    assert history(broken.parent) == []


def test_a_record_with_fields_of_the_wrong_kind_does_not_stop_the_others(tmp_path):
    write(tmp_path, "good", shape={"parameters": 5})
    folder = write(tmp_path, "odd", shape={"parameters": 5})
    values = json.loads((folder / "record.json").read_text())
    values |= {"shape": {"parameters": "many"}, "exports": None, "details": None, "history": None}
    values |= {"machine": 3, "cost": ["odd"]}
    (folder / "record.json").write_text(json.dumps(values))
    frame = collect(tmp_path).set_index("candidate")
    assert frame.loc["good", "parameters"] == 5
    assert math.isnan(frame.loc["odd", "parameters"])


def test_latest_takes_the_last_rung_that_a_candidate_finished(tmp_path):
    for rung in ("phase1", "phase2", "phase10"):
        write(tmp_path, "promoted", rung=rung)
    write(tmp_path, "failed-later")
    write(tmp_path, "failed-later", rung="phase2", status="failed")
    write(tmp_path, "never-finished", status="rejected")
    write(tmp_path, "never-finished", rung="phase2", status="running")
    found = latest(collect(tmp_path)).set_index("candidate")["rung"].to_dict()
    assert found == {"promoted": "phase10", "failed-later": "phase1", "never-finished": "phase2"}


def test_latest_keeps_studies_apart(tmp_path):
    write(tmp_path / "one", "a", study="one", rung="phase2")
    write(tmp_path / "two", "a", study="two")
    assert len(latest(collect(tmp_path))) == 2


def test_a_table_reads_back_as_it_was_written(tmp_path):
    figures = {"shape": {"parameters": 3}, "cost": measured({"cpu_realtime_capable": True}, block_size=64)}
    write(tmp_path / "study", "007", score=math.inf, **figures)
    write(
        tmp_path / "study",
        "b",
        score=0.1,
        shape={"latency_ms": 1 / 3},
        search={"score": 0.2},
        git_revision="1e10",
        exports={"nam": "b.nam"},
    )
    frame = collect(tmp_path / "study")
    path = tmp_path / "study" / "report" / "all_results.csv"
    write_csv(in_order(frame, AMP), path, AMP)
    again = load_results(path, AMP.aliases)
    pd.testing.assert_frame_equal(again, frame, check_dtype=False, check_like=True)
    names = list(pd.read_csv(path).columns)
    assert names[:2] == ["best_val_loss", "best_train_loss"]
    assert "search.best_val_loss" in names
    assert [name for name in names if name in HEADLINE] == [name for name in HEADLINE if name in names]
    assert names[-1] == "problem"
    moved = (tmp_path / "study").rename(tmp_path / "moved")
    frame = load_results(moved / "report" / "all_results.csv")
    assert frame["folder"].tolist() == [str(moved / "phase1" / "007"), str(moved / "phase1" / "b")]


def test_a_short_table_of_ones_own_is_enough(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("candidate,best_val_loss,latency_ms\nx,0.1,2\ny,oops,3\n")
    frame = load_results(path, AMP.aliases)
    assert frame["status"].tolist() == ["ok", "ok"]
    assert frame["score"].tolist()[0] == 0.1
    assert math.isnan(frame["score"].tolist()[1])


@pytest.mark.parametrize(
    "content", [b"", b"name,esr\na,1\n", b"\xff\xfe\x00\x01", b'candidate\n"a', b"candidate\n"]
)
def test_a_file_that_is_no_table_of_results_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "all_results.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"all_results\.csv: [^\n]+$"):
        load_results(path)


def test_a_place_without_records_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        load_results(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no run records in it"):
        load_results(tmp_path)


def test_rungs_sort_as_people_count_and_the_final_comes_last():
    assert sorted(["final", "rung10", "", "rung2"], key=rung_order) == ["", "rung2", "rung10", "final"]
