"""The aliasing figures in the record."""

import pytest

from voxnas.engine.aliasing import Aliasing, overall
from voxnas.problems.amp.measures.aliasing import AliasingMeter


def test_the_ratio_per_pitch_and_one_figure_for_all(finished):
    record = finished.end_with(AliasingMeter(pitches=[200.0, 1000.0, 3000.0]))
    rows = record.details["aliasing"]
    assert [round(at["hz"]) for at in rows] == pytest.approx([200, 1000, 3000], abs=4)
    assert record.metrics["asr"] == pytest.approx(overall([Aliasing(**at) for at in rows]))
    assert 0 < record.metrics["asr"] < 1
