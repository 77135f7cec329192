"""Rungs: how many climb, in the end and by then."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.search.selection.rungs import make_rungs
from voxnas.utils.errors import InputError


@pytest.mark.parametrize(
    ("keep", "finished", "count"), [(0.5, 5, 2), (0.01, 5, 1), (1, 5, 1), (3, 5, 3), (9, 5, 5), (0.5, 0, 0)]
)
def test_a_share_or_a_number_climbs(keep, finished, count):
    assert make_rungs([1, 2], keep)[0].survivors(finished) == count


def test_rungs_have_names_and_their_own_share():
    rungs = make_rungs([2, 10, 50], [0.5, 3])
    assert [(r.name, r.epochs, r.keep) for r in rungs] == [
        ("rung1", 2, 0.5),
        ("rung2", 10, 3),
        ("rung3", 50, None),
    ]
    assert rungs[-1].survivors(7) == 7
    assert [r.keep for r in make_rungs([1, 2, 3], 0.25)] == [0.25, 0.25, None]


@pytest.mark.parametrize(
    ("epochs", "keep", "words"),
    [
        ([], 0.5, "give the epochs of each rung"),
        ([2, 0], 0.5, "whole numbers from 1"),
        ([2, 2.5], 0.5, "whole numbers from 1"),
        ([2, 3], [0.5, 0.5], "one for each of the 2 rungs but the last"),
        ([2, 3], 0, "give a share"),
        ([2, 3], -1, "give a share"),
        ([2, 3], "half", "give a share|one for each"),
        ([2, 3], 2.5, "a whole number"),
    ],
)
def test_what_is_no_ladder_is_refused(epochs, keep, words):
    with pytest.raises(InputError, match=words):
        make_rungs(epochs, keep)


@given(st.one_of(st.floats(0.01, 0.99), st.integers(1, 9)), st.integers(1, 60))
def test_by_then_never_more_climb_than_in_the_end_and_never_a_larger_share(keep, expected):
    rung = make_rungs([1, 2], keep)[0]
    so_far = [rung.survivors_so_far(finished, expected) for finished in range(expected + 1)]
    assert so_far == sorted(so_far)
    assert so_far[0] == 0
    share = keep if keep < 1 else min(keep, expected) / expected
    assert all(count <= share * finished + 1e-9 for finished, count in enumerate(so_far))
    assert so_far[-1] in (rung.survivors(expected), 0)
    assert keep < 1 or so_far[-1] == rung.survivors(expected)


def test_a_number_is_no_share_of_nobody_knows_how_many():
    assert make_rungs([1, 2], 3)[0].survivors_so_far(100, None) == 0
    assert make_rungs([1, 2], 0.1)[0].survivors_so_far(100, None) == 10
    assert make_rungs([1, 2], 0.1)[-1].survivors_so_far(100, 100) == 0
