"""Promotion by learning curves: who still learns is not cut by level alone."""

import math

import pytest

from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.record import Record
from voxnas.search.experience.runs import KnownRun
from voxnas.search.selection.foreseen import Foreseen, curve, extrapolated
from voxnas.search.selection.ladder import Ladder
from voxnas.search.selection.rank import ByRank
from voxnas.search.selection.rungs import make_rungs
from voxnas.utils.errors import InputError


def run(name: str, *scores: float) -> Record:
    """A run of one epoch a score."""
    history = [{"epoch": float(i), "score": score} for i, score in enumerate(scores)]
    return Record(name, "study", "rung", "ok", "", score=min(scores), history=history)


def climbing(selection, first: dict[str, list[float]], second: dict[str, list[float]]) -> list[str]:
    """Who climbs to the third rung of a ladder of 2, 4 and 8 epochs, where both rungs keep half."""
    ladder = Ladder(make_rungs([2, 4, 8], [len(first), 0.5]), selection, total=len(first))
    for name, scores in first.items():
        ladder.enter(0, name)
        ladder.finish(0, name, run(name, *scores))
    ladder.closed = True
    ladder.climb()
    for name, scores in second.items():
        ladder.finish(1, name, run(name, *scores))
    return [name for rung, name in ladder.climb() if rung == 2]


LEVEL, LATE = ([0.2, 0.1], [0.1, 0.1, 0.1, 0.09]), ([0.9, 0.8], [0.6, 0.4, 0.3, 0.12])


def test_a_late_learner_climbs_by_its_curve_and_not_by_its_level():
    rungs = [{"level": LEVEL[rung], "late": LATE[rung]} for rung in range(2)]
    assert climbing(ByRank(["score"], AmpProblem()), *rungs) == ["level"]
    assert climbing(Foreseen(["score"], AmpProblem()), *rungs) == ["late"]


def test_a_trust_of_0_goes_by_the_score_as_it_is():
    rungs = [{"level": LEVEL[rung], "late": LATE[rung]} for rung in range(2)]
    assert climbing(Foreseen(["score"], AmpProblem(), trust=0.0), *rungs) == ["level"]


@pytest.mark.parametrize("power", [0.2, 1.0, 2.5])
def test_a_power_law_is_followed_to_its_end(power):
    points = [(share, 0.03 * share**-power) for share in (0.1, 0.4)]
    assert extrapolated(points, 1.0) == pytest.approx(0.03)
    assert extrapolated(points, 0.0) == points[-1][1]


@pytest.mark.parametrize("points", [[(0.1, 0.2), (0.4, 0.3)], [(0.4, 0.3), (1.0, 0.1)]])
def test_what_does_not_fall_or_is_at_the_end_stays(points):
    assert extrapolated(points, 1.0) == points[-1][1]


def test_on_the_first_rung_the_halves_of_the_curve_count():
    seen = []

    class Sees(Foreseen):
        def order(self, records):
            seen.extend(curve(record) for record in records.values())
            return super().order(records)

    climbing(Sees(["score"], AmpProblem()), {"a": [0.8, 0.4], "b": [0.5, 0.6]}, {})
    assert seen == [[(1 / 14, 0.8), (2 / 14, 0.4)], [(1 / 14, 0.5), (2 / 14, 0.6)]]


def test_experience_says_who_learns_late():
    def own(kind: str) -> dict:
        return {"type": "Net", "kind": kind}

    known = [
        KnownRun("elsewhere", amount, loss, own(f"{kind}{i}") | {"memory": memory}, {})
        for kind, memory, losses in (("short", 1, (0.1, 0.1)), ("long", 999, (0.5, 0.01)))
        for i in range(10)
        for amount, loss in zip((6.0, 14.0), losses, strict=True)
    ]
    records = {}
    for name, memory, score in (("a", 1, 0.2), ("b", 999, 0.3)):
        record = run(name, score)
        record.architecture, record.history = own(name) | {"memory": memory}, [{"score": score, "share": 0.4}]
        record.history[0]["ends"] = 1.0
        records[name] = record
    assert Foreseen(["score"], AmpProblem()).order(records) == ["a", "b"]
    assert Foreseen(["score"], AmpProblem(), known).order(records) == ["b", "a"]


def test_without_a_curve_it_is_the_usual_order():
    records = {name: run(name, score) for name, score in (("a", 0.3), ("b", 0.1), ("c", 0.2))}
    assert Foreseen(["score"], AmpProblem()).order(records) == ["b", "c", "a"]


def test_a_run_without_a_finite_score_is_left_out():
    records = {"a": run("a", 0.3), "b": Record("b", "study", "rung", "failed", "", score=math.nan)}
    assert Foreseen(["score"], AmpProblem()).order(records) == ["a"]


@pytest.mark.parametrize("trust", [-0.1, 1.1, "much", True])
def test_a_trust_that_is_none_is_refused(trust):
    with pytest.raises(InputError, match="give a number from 0 to 1"):
        Foreseen(["score"], AmpProblem(), trust=trust)
