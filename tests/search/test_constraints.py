"""Each limit, on both sides of it."""

import pytest

from voxnas.models.wavenet import stack
from voxnas.problems.amp.figures import FIGURES
from voxnas.search import constraints
from voxnas.search.constraints import Violation
from voxnas.search.cost.base import Cost
from voxnas.utils.errors import InputError

NETWORK = stack(num_layers=5, channels=16)  # 63 samples
RATE = 44100
PARAMETERS, MACS, LATENCY_MS = NETWORK.num_parameters, NETWORK.macs_per_sample, NETWORK.latency_ms(RATE)

SHAPE = {"latency_ms": LATENCY_MS, "parameters": PARAMETERS, "macs_per_sample": MACS}


def violation(cost=None, **limits):
    """Of the network of an amp, whose cost is told by `cost`."""
    return constraints.violation(SHAPE, limits, FIGURES, cost, ("cpu_rtf", "us_per_block"))


def test_without_limits_everything_is_kept():
    assert violation() is None


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
    assert violation(**{limit: kept}) is None
    assert violation(**{limit: rejected}) == Violation(f"{limit} {rejected}", reason)


MICROSECONDS_PER_BLOCK = 0.0123456 * 1e6 * 64 / 48000  # 16.46
RTF, MICROSECONDS = "0.01235 of real time at block 64", "16.46 µs at block 64"
SAID = {"cpu_rtf": RTF, "us_per_block": MICROSECONDS}
COST = Cost("cpu_rtf", 0.0123456, {"block_size": 64}, {"us_per_block": MICROSECONDS_PER_BLOCK}, SAID)


@pytest.mark.parametrize(
    ("limit", "kept", "rejected", "reason"),
    [
        ("max_cpu_rtf", 0.0123456, 0.0123, f"{RTF} > max_cpu_rtf 0.0123"),
        ("min_cpu_rtf", 0.0123456, 0.0124, f"{RTF} < min_cpu_rtf 0.0124"),
        ("max_us_per_block", 16.5, 16.4, f"{MICROSECONDS} > max_us_per_block 16.4"),
    ],
)
def test_a_limit_of_cost_holds_the_figure_in_the_reason_only(limit, kept, rejected, reason):
    assert violation(lambda: COST, **{limit: kept}) is None
    assert violation(lambda: COST, **{limit: rejected}) == Violation(f"{limit} {rejected}", reason)


def test_cost_is_asked_for_only_where_it_decides():
    def asked() -> Cost:
        raise AssertionError("asked")

    assert violation(asked) is None
    too_large = violation(asked, max_params=10, max_cpu_rtf=0.1)
    assert too_large is not None
    assert too_large.limit == "max_params 10"
    with pytest.raises(AssertionError, match="asked"):
        violation(asked, max_params=10**9, max_cpu_rtf=0.1)


@pytest.mark.parametrize("limit", ["max_cpu_rtf", "min_cpu_rtf", "max_us_per_block"])
@pytest.mark.parametrize("value", [0, -0.1, "cheap", float("nan")])
def test_a_limit_of_cost_that_nothing_can_keep_is_refused_in_one_line(limit, value):
    with pytest.raises(InputError, match=f"constraints.{limit}={value}: give a number above 0") as refused:
        violation(lambda: COST, **{limit: value})
    assert "\n" not in str(refused.value)
