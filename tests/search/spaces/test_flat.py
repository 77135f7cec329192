"""Flat spaces: Hydra's grammar, the grid, what the command line fixes, and who chooses."""

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.search.space import expand
from voxnas.search.spaces.choosers import RandomChooser, TrialChooser
from voxnas.search.spaces.flat import FlatSpace
from voxnas.utils.errors import InputError

NUMBERS = {"model.channels": "8,12,16", "model.layers": "range(2,5)", "model.gate": "choice(none,gated)"}


def drawn(space: FlatSpace, seed: int = 0) -> dict[str, str]:
    return dict(o.split("=", 1) for o in space.propose(RandomChooser(seed)))


def test_the_grid_is_that_of_a_sweep():
    space = FlatSpace(NUMBERS)
    assert space.size == len(space.grid()) == 3 * 3 * 2
    assert space.grid() == expand(NUMBERS, [])


def test_every_point_of_the_grid_is_proposed_and_nothing_else():
    space = FlatSpace(NUMBERS)
    proposed = {tuple(space.propose(RandomChooser([7, i]))) for i in range(400)}
    assert proposed == {tuple(point) for point in space.grid()}


def test_the_command_line_fixes_a_parameter_or_gives_it_other_values():
    space = FlatSpace(NUMBERS, ["model.channels=4", "model.layers=6,9", "seed=3"])
    assert space.fixed == ["model.channels=4", "seed=3"]
    assert {drawn(space, i)["model.layers"] for i in range(20)} == {"6", "9"}
    assert space.size == 4


def test_groups_and_added_keys_are_parameters_too():
    space = FlatSpace({"model": "lstm,gru"}, ["+note=a,b", "~callbacks.preview"])
    assert ["~callbacks.preview", "model=gru", "+note=a"] in space.grid()


def test_intervals_are_continuous_unless_cast_to_whole_numbers():
    space = FlatSpace(
        {"lr": "tag(log, interval(0.001, 0.1))", "n": "int(interval(1, 3))", "x": "interval(0, 1)"}
    )
    assert space.size is None
    for seed in range(50):
        point = drawn(space, seed)
        assert 0.001 <= float(point["lr"]) <= 0.1
        assert point["n"] in "123"
        assert 0 <= float(point["x"]) <= 1
    with pytest.raises(InputError, match="lr is continuous, so that there is no grid"):
        space.grid()


@pytest.mark.parametrize(
    "text", ["a=interval(3,1)", "a=tag(log,interval(0,1))", "a=range(3,3)", "a=choice(1"]
)
def test_what_is_no_sweep_is_refused_in_one_line(text):
    key, value = text.split("=")
    with pytest.raises(InputError) as refused:
        FlatSpace({key: value})
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("a=")


@given(low=st.integers(1, 50), span=st.integers(0, 50), log=st.booleans(), seed=st.integers(0, 99))
def test_chance_stays_within_the_bounds_and_repeats_itself(low, span, log, seed):
    one, other = RandomChooser(seed), RandomChooser(seed)
    for _ in range(5):
        value = one.integer("n", low, low + span, log)
        assert low <= value <= low + span
        assert value == other.integer("n", low, low + span, log)
        assert low <= one.real("x", low, low + span + 0.5, log) <= low + span + 0.5
        other.real("x", low, low + span + 0.5, log)


def test_a_logarithmic_spread_visits_small_numbers_as_often_as_large_ones():
    random = RandomChooser(0)
    values = [random.integer("n", 1, 100, log=True) for _ in range(2000)]
    assert 0.4 < sum(value < 10 for value in values) / 2000 < 0.6


def test_optuna_chooses_by_the_same_names():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    trial = study.ask()
    proposal = FlatSpace(NUMBERS | {"lr": "interval(0.1, 0.2)"}).propose(TrialChooser(trial))
    assert proposal == [f"{key}={value}" for key, value in trial.params.items()]
    assert set(trial.params) == {*NUMBERS, "lr"}
