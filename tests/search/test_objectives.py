"""Objectives by name, and what a record says of them."""

import pytest

from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.record import Record, measured
from voxnas.search.objectives import directed, figures, parse_objectives
from voxnas.utils.errors import InputError

AMP = AmpProblem()


def record(**values) -> Record:
    given = {"candidate": "amp", "study": "s", "rung": "r", "status": "ok", "identity": "x"}
    return Record(**(given | values))


def test_a_name_is_made_small_and_with_a_dash_large():
    small, large = parse_objectives(["best_val_loss", "-channels"], AMP)
    assert (small.name, small.direction) == ("score", 1)
    assert (large.name, large.direction) == ("channels", -1)


@pytest.mark.parametrize("name", ["asr", "test_esr", "test_mrstft", "cpu_rtf", "latency_ms", "parameters"])
def test_every_figure_of_a_run_may_be_one(name):
    assert parse_objectives([name], AMP)[0].name == name


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "one or more figures"),
        (["cpu_rtf", "-cpu_rtf"], "each once"),
        (["loudness"], "no figure `loudness`; try best_val_loss"),
        (["candidate"], "no figure `candidate`"),
        (["history"], "no figure `history`"),
    ],
)
def test_what_is_no_objective_is_refused_in_one_line(names, words):
    with pytest.raises(InputError, match=words) as refused:
        parse_objectives(names, AMP)
    assert "\n" not in str(refused.value)


def test_a_record_has_all_figures_or_none():
    objectives = parse_objectives(["best_val_loss", "cpu_rtf"], AMP)
    assert figures(record(score=0.1, cost=measured({"cpu_rtf": 0.2})), objectives) == [0.1, 0.2]
    for broken in (None, float("nan"), float("inf")):
        assert figures(record(score=0.1, cost=measured({"cpu_rtf": broken})), objectives) is None
    assert figures(record(score=0.1, cost=measured({"cpu_rtf": 0.2}), status="failed"), objectives) is None
    assert figures(None, objectives) is None


@pytest.mark.parametrize(
    ("names", "direction", "signed"),
    [
        (["best_val_loss", "-channels"], None, ["best_val_loss", "-channels"]),
        (["best_val_loss"], "minimize", ["best_val_loss"]),
        (["best_val_loss", "channels"], ["minimize", "maximize"], ["best_val_loss", "-channels"]),
        (["best_val_loss", "-channels"], ["minimize", "maximize"], ["best_val_loss", "-channels"]),
    ],
)
def test_directions_are_signs(names, direction, signed):
    assert directed(names, direction, AmpProblem()) == signed


@pytest.mark.parametrize(
    ("names", "direction", "words"),
    [
        (["best_val_loss"], ["minimize", "maximize"], r"2 directions for 1 objectives, \[best_val_loss\]"),
        (["best_val_loss"], "down", "give minimize or maximize"),
        (["-channels"], "minimize", "channels is to be large: objectives=-channels"),
    ],
)
def test_directions_that_contradict_the_objectives_are_refused(names, direction, words):
    with pytest.raises(InputError, match=words):
        directed(names, direction, AmpProblem())
