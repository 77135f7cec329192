"""Finished runs timed again, each beside the others."""

import math

import pytest
import torch

from voxnas.engine import side_by_side as module
from voxnas.engine.make import make_engine
from voxnas.engine.side_by_side import time_runs
from voxnas.export.record_json import FILE_NAME, write_record_json
from voxnas.models.wavenet import stack


@pytest.fixture
def runs(tmp_path) -> list[dict]:
    """Two finished runs, the second four times as wide, as rows of a results table."""
    found = []
    for name, channels in (("small", 4), ("large", 16)):
        torch.manual_seed(0)
        write_record_json(stack(4, channels), tmp_path / name / FILE_NAME, 44100)
        run = {"candidate": name, "rung": "phase2", "folder": str(tmp_path / name), "cpu_rtf": 0.5}
        found.append({**run, "block_size": 256.0, "engine": "profile-default"})
    return found


def test_every_model_has_a_row_per_block_size_beside_what_was_recorded(runs):
    rows, notices = time_runs(runs, blocks=20)
    assert notices == []
    assert [(row["candidate"], row["block_size"]) for row in rows] == [
        ("small", 256),
        ("small", 64),
        ("large", 256),
        ("large", 64),
    ]
    assert all(row["recorded_cpu_rtf"] == 0.5 and row["recorded_block_size"] == 256 for row in rows)
    assert {row["recorded_engine"] for row in rows} == {"profile-default"}
    assert {row["engine"] for row in rows} == {make_engine(stack(1, 1)).name}
    assert all(row["rtf"] == pytest.approx(row["median_ms"] * 44.1 / row["block_size"]) for row in rows)
    assert all(row["spread"] >= 0 and row["blocks"] >= 20 for row in rows)


def test_a_run_whose_model_is_damaged_is_left_out_with_a_line(runs, tmp_path):
    (tmp_path / "small" / FILE_NAME).write_text("{")
    rows, notices = time_runs(runs, blocks=5)
    assert {row["candidate"] for row in rows} == {"large"}
    assert len(notices) == 1
    assert str(tmp_path / "small") in notices[0]


def test_what_a_run_did_not_record_does_not_matter(runs):
    rows, _ = time_runs([{"folder": runs[0]["folder"], "block_size": math.nan}], blocks=5)
    assert [row["block_size"] for row in rows] == [64]


def test_nothing_to_time_is_no_row():
    assert time_runs([]) == ([], [])


def test_of_very_many_the_first_are_timed(runs, monkeypatch):
    monkeypatch.setattr(module, "MOST_MODELS", 1)
    rows, notices = time_runs(runs, blocks=5)
    assert {row["candidate"] for row in rows} == {"small"}
    assert notices == ["of 2 models the first 1 were timed side by side"]
