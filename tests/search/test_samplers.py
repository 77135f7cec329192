"""Samplers made of their configs."""

import pytest
from omegaconf import OmegaConf

from voxnas.problems.amp.problem import AmpProblem
from voxnas.search.objectives import parse_objectives
from voxnas.search.samplers import make_sampler
from voxnas.utils.errors import InputError

ONE, TWO = (parse_objectives(names, AmpProblem()) for names in (["score"], ["score", "cpu_rtf"]))


def of(name: str, **settings):
    return OmegaConf.create({"_target_": name, **settings})


def test_the_seed_is_the_trial_s():
    first, again, other = (
        make_sampler(of("optuna.samplers.RandomSampler", seed=None), seed, ONE)._rng.rng.random()
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_cma_es_goes_by_one_objective():
    cmaes = of("optuna.samplers.CmaEsSampler")
    make_sampler(cmaes, 0, ONE)
    with pytest.raises(InputError, match=r"one objective, not by objectives=\[score,cpu_rtf\]"):
        make_sampler(cmaes, 0, TWO)


def test_what_is_no_sampler_is_refused():
    with pytest.raises(InputError, match=r"builtins\.dict is no sampler"):
        make_sampler(of("builtins.dict"), 0, ONE)
