"""What benchmarks/presets.py makes of its measurements: who competes, the table, the picture."""

import io

import presets
import pytest
from presets_report import best_preset, geometric_mean, plot, ratio, table
from rich.console import Console

ROW = {
    "pair": "amp",
    "budget": "nano",
    "found": "wavenet-4x12k8-leakyrelu-0123abcd",
    "rtf": {"found": 0.025, "nano": 0.027, "a2_lite": 0.015},
    "score": {"found": [0.1, 0.2, 0.3], "nano": [0.5, 0.5, 0.5], "a2_lite": [0.4, 0.4, 0.4]},
    "test_esr": {"found": [0.2, 0.2, 0.2], "nano": [0.1, 0.1, 0.1], "a2_lite": [0.8, 0.8, 0.8]},
}


def test_presets_compete_that_cost_no_more_in_the_plug_in():
    assert set(presets.presets_within("nano")) == {"nano", "a2_lite"}
    assert set(presets.presets_within("a2_lite")) == {"a2_lite"}
    assert set(presets.presets_within("standard")) == set(presets.PRESETS)


def test_the_best_preset_is_the_one_by_validation_on_either_section():
    assert best_preset(ROW) == "a2_lite"
    assert ratio(ROW, "score", "a2_lite") == pytest.approx(0.5)
    assert ratio(ROW, "test_esr", "a2_lite") == pytest.approx(0.25)
    twice = ROW | {"score": ROW["score"] | {"found": [0.4, 0.4, 0.4]}}
    assert geometric_mean([ROW, twice], "score") == pytest.approx(0.5**0.5)


def test_the_duel_is_told_in_a_table_and_a_picture(tmp_path):
    console = Console(file=io.StringIO(), width=160)
    console.print(table([ROW], 60))
    text = console.file.getvalue()
    assert "trained from scratch for 60 epochs" in text
    for cell in ("4x12k8-leakyrelu", "0.0250", "0.20000 ± 0.10000", "0.50", "0.25", "geometric mean"):
        assert cell in text
    plot([ROW, ROW | {"pair": "other"}], tmp_path / "presets.png")
    assert (tmp_path / "presets.png").read_bytes().startswith(b"\x89PNG")
