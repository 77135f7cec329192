from pathlib import Path

import numpy as np
import pytest

from voxnas.audio.demo.rig import make_pair
from voxnas.problems.amp.data.demo import load_demo
from voxnas.utils.errors import InputError


def test_the_demo_is_a_recording_like_any_other(tmp_path: Path) -> None:
    recording = load_demo(tmp_path, seconds=6, seed=2, drive=0.8)
    dry, wet = make_pair(seconds=6, seed=2, drive=0.8)
    np.testing.assert_allclose(recording.pair.input, dry, atol=2**-23)
    np.testing.assert_allclose(recording.pair.target, wet, atol=2**-23)


def test_bad_arguments_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="drive"):
        load_demo(tmp_path, seconds=2, drive=3)
    assert not list(tmp_path.iterdir())
