"""Sections are contiguous, in order, apart, and refused in one line where they cannot be."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.problems.amp.data.sections import Sections, require_length, split
from voxnas.utils.errors import InputError


def test_shares_by_hand() -> None:
    assert split(1000, 10) == Sections((0, 700), (700, 850), (850, 1000))


@given(
    total=st.integers(100, 10**8),
    shares=st.tuples(*3 * [st.floats(0.05, 0.9)]).map(
        lambda s: tuple(share / max(1.0, sum(s)) for share in s)
    ),
)
def test_shares_lie_side_by_side(total: int, shares: tuple[float, float, float]) -> None:
    sections = split(total, 48_000, *shares)
    spans = (sections.train, sections.val, sections.test)
    assert spans[0][0] == 0
    assert spans[-1][1] <= total
    assert all(first[1] == second[0] for first, second in pairwise(spans))
    assert all(
        abs(stop - start - share * total) <= 1 for (start, stop), share in zip(spans, shares, strict=True)
    )


@given(st.lists(st.integers(0, 1000), min_size=6, max_size=6, unique=True), st.permutations(range(3)))
def test_seconds_are_taken_as_given_in_any_order(edges: list[int], order: list[int]) -> None:
    edges = sorted(edges)
    spans = [(edges[2 * k], edges[2 * k + 1]) for k in order]
    sections = split(1000 * 100, 100, *(f"{start}:{stop}" for start, stop in spans))
    assert [sections.train, sections.val, sections.test] == [(100 * a, 100 * b) for a, b in spans]


@given(st.tuples(*6 * [st.integers(0, 20)]))
def test_overlap_is_always_refused(edges: tuple[int, ...]) -> None:
    spans = [tuple(sorted(edges[k : k + 2])) for k in (0, 2, 4)]
    covered = [second for start, stop in spans for second in range(start, stop)]
    fine = all(start < stop for start, stop in spans) and len(covered) == len(set(covered))
    texts = [f"{start}:{stop}" for start, stop in spans]
    if fine:
        split(20 * 100, 100, *texts)
    else:
        with pytest.raises(InputError):
            split(20 * 100, 100, *texts)


def test_open_end_and_fractions() -> None:
    assert split(1000, 10, "0:60", "60:70.5", "70.5:").test == (705, 1000)


def test_without_test_the_validation_section_serves_with_a_notice() -> None:
    sections = split(1000, 10, "0:60", "60:70", None)
    assert sections.test == sections.val == (600, 700)
    assert [finding.level for finding in sections.findings] == ["notice"]
    assert split(1000, 10, 0.8, 0.2, None).val == (800, 1000)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((0.7, 0.3, 0.2), "add up to 1"),
        ((0.7, 0.3, 0.0), "positive"),
        ((float("nan"), 0.1, 0.1), "positive"),
        ((0.7, "60:70", 0.1), "neither all shares nor all START:STOP"),
        (("0:60", "50:70", "80:90"), "train and val overlap from 50 to 60 s"),
        (("0:60", "60:x", "80:90"), "is not START:STOP"),
        (("0:60", "70:60", "80:90"), "stop after it starts"),
        (("-5:60", "60:70", "80:90"), "start at 0 s or later"),
        (("0:60", "60:70", "80:110"), "ends after the recording, which is 100.00 s long"),
        ((None, 0.5, 0.5), "train and val must both be given"),
    ],
)
def test_bad_sections(parts: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        split(1000, 10, *parts)
    assert "\n" not in str(caught.value)


def test_too_short() -> None:
    with pytest.raises(InputError, match="too short for a test section"):
        split(2, 48_000)
    sections = split(1000, 10)
    require_length(sections, 150)
    with pytest.raises(InputError, match="the val section holds 150 samples but 151 are needed"):
        require_length(sections, 151)
