"""Optuna's samplers, as the configs of `hydra/sweeper/sampler` name them."""

from collections.abc import Sequence

from hydra.utils import instantiate
from omegaconf import DictConfig
from optuna.samplers import BaseSampler, CmaEsSampler

from voxnas.records.pareto import Objective
from voxnas.utils.errors import InputError


def make_sampler(config: DictConfig, seed: int, objectives: Sequence[Objective]) -> BaseSampler:
    """The sampler of a config with a `_target_`, with this seed instead of the config's.

    Raises InputError for what is no sampler, and for several objectives where it goes by one.
    """
    sampler = instantiate(config, seed=seed, _convert_="all")
    if not isinstance(sampler, BaseSampler):
        raise InputError(f"hydra/sweeper/sampler: {config._target_} is no sampler of Optuna's")
    if isinstance(sampler, CmaEsSampler) and len(objectives) > 1:
        names = ",".join(objective.name for objective in objectives)
        raise InputError(f"hydra/sweeper/sampler: CMA-ES goes by one objective, not by objectives=[{names}]")
    return sampler
