"""The problem of records, and a problem by its name."""

from typing import TYPE_CHECKING

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig

from voxnas.problems.base import Problem
from voxnas.utils.app import ROOT, prepare_environment
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def problem_named(name: str) -> Problem:
    """The problem as `configs/problem/<name>.yaml` builds it, see `problem_config`."""
    problem: Problem = instantiate(problem_config(name))
    return problem


def problem_config(name: str) -> DictConfig:
    """The config `configs/problem/<name>.yaml`.

    In a running script the config is found wherever Hydra looks, also in a folder that `--config-dir` names;
    elsewhere, as in a notebook, it is one of the project's own. Raises InputError where there is none.
    """
    if GlobalHydra.instance().is_initialized():
        return _composed(name)
    prepare_environment()
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        return _composed(name)


def _composed(name: str) -> DictConfig:
    try:
        config = compose("train", overrides=[f"problem={name}"])  # its config chooses from other groups too
    except HydraException as error:
        raise InputError(
            f"problem={name}: no such config problem/{name}.yaml; name the folder that has it,"
            " --config-dir=FOLDER, or another problem, problem=NAME"
        ) from error
    return config.problem


def of_one_problem(
    records: "pd.DataFrame", fallback: str, wanted: Problem | None = None
) -> tuple["pd.DataFrame", Problem]:
    """The rows of one problem, and the problem.

    Args:
        records: a row per run; those without a problem's name were written before records had one.
        fallback: the problem of those.
        wanted: the problem to take; None for the one that all are of.

    Raises InputError where they are of several, or none is of the one that is wanted.
    """
    names = records["problem"].where(records["problem"] != "", fallback if wanted is None else wanted.name)
    there = sorted(set(names))
    if wanted is None:
        if len(there) > 1:
            raise InputError(
                f"the records are of several problems, {', '.join(there)}: choose one, problem=NAME"
            )
        return records, problem_named(there[0])
    if wanted.name not in there:
        raise InputError(f"problem={wanted.name}: the records are of {', '.join(there)}")
    return records[names == wanted.name].reset_index(drop=True), wanted
