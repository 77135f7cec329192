"""The benchmark of what children inherit, on a stretch of noise and steps that are soon through."""

from types import SimpleNamespace

import inherit
import numpy as np
import pytest
import torch
from record import Recording


@pytest.fixture(scope="module")
def recording() -> Recording:
    source = 0.3 * torch.randn(60_000, generator=torch.Generator().manual_seed(0))
    return Recording(source, torch.tanh(4 * source), (0, 40_000), (40_000, 60_000))


def test_a_child_differs_in_one_choice_and_is_trained_in_both_ways(recording):
    space, options = inherit.plugin_space(), SimpleNamespace(steps=8, parents=1, children=2)
    ((parent, taught),) = inherit.parents(space, recording, 0, options)
    pairs = inherit.generation(space, parent, taught, recording, 0, options)
    assert len(pairs) == 2
    for pair in pairs:
        assert len(pair.heirs) == len(inherit.SHARES)
        assert all(np.isfinite([pair.afresh, *pair.heirs]))
        assert 0 <= pair.share <= 1
    assert inherit.by_share(pairs, 8).row_count == 3
    assert inherit.by_choice(pairs).row_count <= 2


def two(seed: int, afresh: float, *heirs: float) -> list[inherit.Pair]:
    return [inherit.Pair(seed, "channels", cost, 1.0, afresh, heirs) for cost in (0.02, 0.03)]


def test_the_verdict_is_of_two_thirds_of_the_steps():
    helps, hinders = two(0, 0.02, 0.03, 0.01, 0.005), two(1, 0.02, 0.03, 0.025, 0.005)
    assert inherit.verdict(helps).startswith("It helps: ")
    assert inherit.verdict(hinders).startswith("It does not help: ")
    assert inherit.verdict(helps + hinders).startswith("It is open: ")


def test_a_change_is_told_by_its_kind():
    assert inherit.kind_of(["array2.channels"]) == "channels"
    assert inherit.kind_of(["array2.layers", "arrays"]) == "arrays"
