"""What another filter between two rates would cost: deeper and narrower ones delay by more."""

import numpy as np
import pytest
from resampler_delay import Filter

from voxnas.audio.polyphase import ATTENUATION_DB, PASS, STOP


@pytest.mark.parametrize("down", [60.0, 80.0, ATTENUATION_DB])
def test_a_filter_is_as_deep_and_as_flat_as_it_says(down):
    each = Filter(44_100, PASS, STOP, down)
    assert each.stop_band_db == pytest.approx(-down, abs=2)
    assert each.loss_db(0.9 * PASS * 22_050) == pytest.approx(0, abs=0.03)


def test_delay_grows_with_depth_and_falls_with_the_rate():
    delays = [Filter(44_100, PASS, STOP, down).delay_ms for down in (40.0, 60.0, 80.0, 103.0)]
    assert (np.diff(delays) > 0).all()
    assert Filter(88_200, PASS, STOP, 40.0).delay_ms == pytest.approx(delays[0] / 2)
