"""OmegaConf resolvers that the configs use."""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from voxnas.utils.common_settings import read_common, unlike
from voxnas.utils.cores import cores
from voxnas.utils.errors import InputError
from voxnas.utils.names import RUN_BYTES, genotype_name, matches, not_a_folder, shown

SWEEP_SIZE = "VOXNAS_SWEEP_SIZE"  # environment variable: how many runs there are; absent in a single run


def register_resolvers() -> None:
    """Make these resolvers known to OmegaConf; safe to call again."""
    OmegaConf.register_new_resolver("job_number", job_number, replace=True)
    OmegaConf.register_new_resolver("run_name", _run_name, replace=True)
    OmegaConf.register_new_resolver("genotype_name", genotype_file_name, replace=True)
    OmegaConf.register_new_resolver("start_name", start_name, replace=True)
    OmegaConf.register_new_resolver("survivors", survivors, replace=True)
    OmegaConf.register_new_resolver("cores", cores, replace=True)
    OmegaConf.register_new_resolver("side_by_side", side_by_side, replace=True)
    OmegaConf.register_new_resolver("threads", threads, replace=True)
    OmegaConf.register_new_resolver("score_mode", score_mode, replace=True)
    OmegaConf.register_new_resolver("count", count, replace=True)


def run_name(
    base: str,
    unnamed: Sequence[str],
    overrides: Sequence[str] | None = None,
    config: DictConfig | None = None,
) -> str:
    """`base` and every override that no pattern of `unnamed` matches: `wavenet-l5-c16-k3_seed-3`.

    A run's configuration determines its name, so that the same run is found again and never done twice. What
    `base` already says, because it was promoted under that name, is not said again; nor, where the run's
    config is given, what its study has in common, see `common_settings`.
    """
    given = HydraConfig.get().overrides.task if overrides is None else overrides
    named = named_overrides(unnamed, given)
    if config is not None and (common := read_common()):
        named = {key: safe_name(value) for key, value in unlike(common, named, given, config).items()}
    parts = (f"_{re.split('[./]', key)[-1]}-{value}" for key, value in named.items())
    return base + "".join(part for part in parts if f"{part}_" not in f"{base}_")


def _run_name(base: str, unnamed: Sequence[str], *, _root_: DictConfig) -> str:
    name = run_name(base, not_in_names(_root_, unnamed), config=_root_)
    if why := not_a_folder(name, RUN_BYTES):
        raise InputError(f"name={shown(name)}: {why}; give a shorter one for what it stands for, name=NAME")
    return name


def not_in_names(config: DictConfig, unnamed: Sequence[str] | None = None) -> list[str]:
    """Patterns of the keys that a run's name leaves out: those that shape no result, and `unnamed`."""
    return [*config.identity.ignored, *(config.unnamed if unnamed is None else unnamed)]


def named_overrides(unnamed: Sequence[str], overrides: Sequence[str] | None = None) -> dict[str, str]:
    """The overrides (default: of this run) that belong into a name, sorted by key."""
    given = HydraConfig.get().overrides.task if overrides is None else overrides
    pairs = (o.lstrip("+~").partition("=") for o in given)
    found = {key: value for key, _, value in pairs if not matches(key, unnamed)}
    return {key: safe_name(found[key]) for key in sorted(found)}


def safe_name(text: str) -> str:
    """A value as a part of a name."""
    bare = text.strip("'\"[]{}() ")
    return "".join(c if c.isalnum() or c in ".-+" else "-" for c in bare)


def genotype_file_name(path: str | None) -> str:
    """Name of a genotype's network by its file; see `genotype_name`. InputError names the file."""
    if path is None:
        raise InputError("genotype is missing: give genotype=PATH")
    try:
        return genotype_name(json.loads(Path(path).expanduser().read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError, InputError) as error:
        raise InputError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from error


def start_name(path: str | None) -> str:
    """Name of a model that training starts from: its run's, or its file's. InputError where none is given."""
    if path is None:
        raise InputError("model=start: give init_from=PATH, a run's folder, a checkpoint or a model's file")
    file = Path(path).expanduser()
    if file.suffix == ".ckpt" and file.parent.name == "checkpoints":
        file = file.parent.parent
    return safe_name(file.name if file.is_dir() else file.stem)


def survivors(study: str, rung: str) -> str:
    """Candidates that were promoted to a rung of a study, as a sweep over the group `candidate`."""
    folder = Path(os.environ["VOXNAS_LOG_DIR"], "promoted", "candidate", study, rung)
    names = sorted(path.stem for path in folder.glob("[!.]*.yaml"))
    if not names:
        raise InputError(f"{folder}: nothing was promoted to {rung}; run src/promote.py study={study} first")
    return ",".join(f"{study}/{rung}/{name}" for name in names)


def score_mode(problem: str) -> str:
    """ "min" or "max": which score is the better one of a problem, given by its class."""
    from hydra.utils import get_class

    mode: str = get_class(problem).score.mode  # type: ignore[attr-defined]
    return mode


def count(value: object) -> object:
    """How many there are of a list; what is no list is a number already."""
    return len(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def side_by_side() -> int:
    """Number of a sweep's runs at a time."""
    if HydraConfig.get().mode != RunMode.MULTIRUN:
        return 1
    launcher = HydraConfig.get().launcher
    jobs = int(launcher.get("array_parallelism") or launcher.get("n_jobs", 1))
    return jobs if jobs > 0 else max(1, cores() // (_reserved() or 1))  # -1 stands for all


def threads() -> int:
    """Threads of a run: the cores that a cluster reserves for it, or an equal share of this machine's."""
    if reserved := _reserved():
        return reserved
    return max(1, int(os.environ.get("OMP_NUM_THREADS") or cores()) // side_by_side())


def _reserved() -> int | None:
    """The cores that a cluster's launcher asks for, for each run of a sweep."""
    if HydraConfig.get().mode != RunMode.MULTIRUN:
        return None
    launcher = HydraConfig.get().launcher
    reserved = launcher.get("cpus_per_task") or OmegaConf.select(launcher, "ray.remote.num_cpus")
    return max(1, int(reserved)) if reserved else None


def job_number() -> int:
    """The run's place in a sweep, from 0."""
    job = HydraConfig.get().job
    return 0 if OmegaConf.is_missing(job, "num") else int(job.num)
