"""Measuring beside a reference model: busy moments are waited out, slow minutes do not count."""

from types import SimpleNamespace

import pytest

from voxnas.models.wavenet import stack
from voxnas.search.cost import reference as module
from voxnas.search.cost.reference import FIRST, TRIES, ReferenceModel

RTF, OWN = 0.004, 0.002
REFERENCE = stack(8, 8, name="reference")


@pytest.fixture
def moments(monkeypatch):
    """How many times slower each measurement is than a quiet one; quiet ones when these are used up."""
    slowed: list[float] = []
    pauses: list[float] = []

    def side_by_side(engines, *_, **__):
        factor = slowed.pop(0) if slowed else 1.0
        return [[SimpleNamespace(rtf=factor * RTF)], [SimpleNamespace(rtf=factor * OWN)]]

    monkeypatch.setattr(module, "side_by_side", side_by_side)
    monkeypatch.setattr(module.time, "sleep", pauses.append)
    return SimpleNamespace(slowed=slowed, pauses=pauses)


@pytest.mark.parametrize("busy", [0, 1, 3])
def test_busy_moments_are_waited_out(moments, busy):
    reference = ReferenceModel(REFERENCE, 44100, 64, "torch")
    moments.pauses.clear()
    moments.slowed[:] = [1.45] * busy
    assert reference.measure(stack(2, 2)) == pytest.approx(RTF / OWN)
    assert len(moments.pauses) == busy


def test_on_a_machine_that_stays_slow_the_slow_is_usual_and_not_waited_for_again(moments):
    reference = ReferenceModel(REFERENCE, 44100, 64, "torch")
    moments.slowed[:] = [1.6] * 4 * TRIES
    for _ in range(3):
        assert reference.measure(stack(2, 2)) == pytest.approx(RTF / OWN)
    moments.pauses.clear()
    reference.measure(stack(2, 2))
    assert (moments.pauses, reference.least) == ([], OWN)


def test_the_least_is_that_of_the_quietest_moment(moments):
    moments.slowed[:] = [1.45] * (FIRST - 1) + [1.0] + [1.45] * TRIES
    assert ReferenceModel(REFERENCE, 44100, 64, "torch").least == OWN


def test_a_real_network_costs_what_a_long_measurement_says():
    from voxnas.engine.benchmark import side_by_side
    from voxnas.engine.make import make_engine

    small, large = stack(2, 4), stack(8, 16)
    reference = ReferenceModel(REFERENCE, 44100, 64)
    long = [t.rtf for (t,) in side_by_side([make_engine(n) for n in (small, large)], [44100] * 2, [64], 2000)]
    assert reference.measure(large) / reference.measure(small) == pytest.approx(long[1] / long[0], rel=0.5)
