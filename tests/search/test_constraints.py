"""Each limit, on both sides of it."""

import pytest

from voxnas.models.wavenet import stack
from voxnas.search.constraints import violation

NETWORK = stack(num_layers=5, channels=16)  # 63 samples
RATE = 44100
PARAMETERS, MACS, LATENCY_MS = NETWORK.num_parameters, NETWORK.macs_per_sample, NETWORK.latency_ms(RATE)


def test_without_limits_everything_is_kept():
    assert violation(NETWORK, RATE) is None


@pytest.mark.parametrize(
    ("limit", "kept", "rejected", "reason"),
    [
        ("max_latency_ms", LATENCY_MS, 1.4, "latency 1.43 ms > max_latency_ms 1.4"),
        ("max_params", PARAMETERS, PARAMETERS - 1, f"{PARAMETERS} parameters > max_params {PARAMETERS - 1}"),
        ("min_params", PARAMETERS, PARAMETERS + 1, f"{PARAMETERS} parameters < min_params {PARAMETERS + 1}"),
        ("max_macs", MACS, MACS - 1, f"{MACS} MACs per sample > max_macs {MACS - 1}"),
    ],
)
def test_a_limit_keeps_what_is_on_it_and_says_why_it_rejects(limit, kept, rejected, reason):
    assert violation(NETWORK, RATE, **{limit: kept}) is None
    assert violation(NETWORK, RATE, **{limit: rejected}) == reason
