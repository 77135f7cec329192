"""A guitar to test with."""

import numpy as np
import pytest
from known_amps import RATE
from material.reamp_signal import make_reamp_signal


@pytest.fixture(scope="session")
def guitar() -> np.ndarray:
    """12 s of plucked notes at 48 kHz."""
    return make_reamp_signal(seed=1)[20 * RATE : 32 * RATE]
