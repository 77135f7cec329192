"""`search_space` as hydra-optuna-sweeper's users have it."""

import pytest

from voxnas.search.spaces.flat import Choice, FlatSpace, Interval
from voxnas.search.spaces.old_form import parameters
from voxnas.utils.errors import InputError


@pytest.mark.parametrize(
    ("entry", "domain"),
    [
        ("8,12", Choice(("8", "12"))),
        ({"type": "categorical", "choices": ["Tanh", 8, 0.5, True]}, Choice(("Tanh", "8", "0.5", "True"))),
        ({"type": "categorical", "choices": ["a b", "c"]}, Choice(("a\\ b", "c"))),
        ({"type": "int", "low": 1, "high": 9}, Interval(1, 9)),
        ({"type": "int", "low": 1, "high": 9, "log": True}, Interval(1, 9, log=True)),
        ({"type": "int", "low": 2, "high": 8, "step": 3}, Choice(("2", "5", "8"))),
        ({"type": "float", "low": 0, "high": 1}, Interval(0.0, 1.0)),
        ({"type": "float", "low": 0.001, "high": 1, "log": True}, Interval(0.001, 1.0, log=True)),
        ({"type": "float", "low": 0, "high": 1, "step": 0.5}, Choice(("0.0", "0.5", "1.0"))),
    ],
)
def test_an_entry_of_the_old_form_is_a_parameter(entry, domain):
    space = FlatSpace(parameters(None, {"model.x": entry}))
    assert space.parameters["model.x"] == domain
    if isinstance(domain, Interval):
        assert type(space.parameters["model.x"].low) is type(domain.low)


@pytest.mark.parametrize("entry", [{"type": "int", "low": 1}, {"type": "colour"}, {"choices": [1]}])
def test_what_is_no_distribution_is_refused_by_its_key(entry):
    with pytest.raises(InputError, match=r"search_space\.model\.x: type: categorical with choices"):
        parameters({}, {"model.x": entry})


def test_one_name_at_a_time():
    assert parameters({"a": "1,2"}, None) == {"a": "1,2"}
    with pytest.raises(InputError, match="the old name of"):
        parameters({"a": "1,2"}, {"a": "1,2"})
