"""The parts of a search, by the names of their configs."""

from typing import Any

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.utils import instantiate
from omegaconf import DictConfig

from voxnas.utils.errors import InputError
from voxnas.utils.search_path import own_places

FIRST = ("random", "grid", "optuna", "evolution", "rank", "score")  # in the order in which they are told


def make_part(kind: str, name: str, config: DictConfig) -> Any:
    """The part that `search.<kind>=<name>` names: the object of the config `search/<kind>/<name>.yaml`.

    The config may lie wherever Hydra looks for configs; it begins with `# @package _global_`, and its values
    may refer to those of `config`. Raises InputError for a name that is not there.
    """
    where = own_places()
    there = GlobalHydra.instance().config_loader().get_group_options(f"search/{kind}", overrides=where)
    if name not in there:
        names = sorted(there, key=lambda n: (FIRST.index(n) if n in FIRST else len(FIRST), n))
        raise InputError(f"search.{kind}={name}: one of {', '.join(names)}")
    part = compose(overrides=[f"+search/{kind}={name}", *where])
    part._set_parent(config)
    return instantiate(part, _convert_="all")
