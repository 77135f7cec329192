"""What the report says about soft playing."""

from pathlib import Path

import pandas as pd
import pytest

from voxnas.problems.amp.report.soft_playing import soft_playing
from voxnas.records.record import Record


def line(folder: Path, *levels: tuple[float, float | None, float | None]) -> str:
    """The paragraph of a run whose lots, the loudest first, have these seconds, noises and ratios."""
    rows = [
        {"below_db": 20 * i, "seconds": seconds, "energy": 0.1, "noise": noise, "esr": esr}
        for i, (seconds, noise, esr) in enumerate(levels)
    ]
    details = {"soft_playing": rows} if rows else {}
    Record("nano", "mine", "phase1", "ok", "1", details=details).write(folder)
    return soft_playing(pd.Series({"candidate": "nano", "folder": str(folder)}))


def test_what_is_wrong_when_played_softly_is_said_with_what_is_not_known(tmp_path):
    said = line(tmp_path, (16.2, None, 0.0075), (11.8, None, 0.0086), (2.05, None, 0.0588), (0, None, None))
    assert said.startswith("**Played softly**: the ESR of `nano` over")
    assert "0.0075 within 10 dB of the loudest; around 20 dB below it 0.0086 (11.8 s);" in said
    assert "around 40 dB below it 0.0588 (2.0 s); around 60 dB below it less than 0.5 s of it." in said
    assert "up to 7.8 times the ESR at full level" in said


def test_what_is_as_right_is_called_so(tmp_path):
    said = line(tmp_path, (9, 0.0, 0.01), (9, 0.0, 0.012), (2, 0.0, 0.015), (0, None, None))
    assert "That is about as right as at full level." in said


def test_hiss_is_told_where_it_limits_the_figure_and_where_it_hides_it(tmp_path):
    said = line(tmp_path, (9, 0.0, 0.01), (9, 0.008, 0.012), (2, 0.09, 0.015), (3, 0.7, None))
    assert "0.012 (9.0 s, of which hum and hiss alone may cost 0.008)" in said
    assert "around 40 dB below it 0.015 (2.0 s); around 60 dB below it little but hum and hiss." in said


def test_a_take_without_soft_playing_asks_for_some(tmp_path):
    said = line(tmp_path, (9, None, 0.01), (3, None, 0.012), (0.1, None, None), (0, None, None))
    assert "record a passage with the guitar's volume turned down" in said


@pytest.mark.parametrize("folder", ["", "gone"])
def test_runs_without_the_measure_have_no_line(tmp_path, folder):
    assert line(tmp_path) == ""
    assert soft_playing(pd.Series({"candidate": "a", "folder": folder and str(tmp_path / folder)})) == ""
