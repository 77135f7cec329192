"""What every script shares: Hydra's main with the project's paths, resolvers and one-line errors."""

import functools
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import CompactHydraException, HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import InterpolationResolutionError, MissingMandatoryValue, OmegaConfBaseException

from voxnas.utils.errors import InputError, Stop, VoxnasError
from voxnas.utils.resolvers import register_resolvers
from voxnas.utils.search_path import register_search_path

ROOT = Path(__file__).resolve().parents[3]
# Exit codes; 1 is also that of a sweep with failed candidates
RUN_FAILED, USER_ERROR, INTERRUPTED = 1, 2, 130

STOPPED = "interrupted: the same command goes on from here"

Task = Callable[[DictConfig], Any]


class RunError(VoxnasError, CompactHydraException):
    """One run went wrong; a sweep goes on with the next. Hydra shows its message without a traceback."""


def hydra_app(config_name: str) -> Callable[[Task], Callable[[], Any]]:
    """`hydra.main` on `configs/<config_name>.yaml`; the user's errors become one line and exit code 2.

    A name with a folder in it, such as `on_model/render`, sees the groups in that folder alone. There
    `model=PATH` is a value, where beside the group `configs/model` it would pick one of the group's files.
    """
    prepare_environment()
    _check_arguments(sys.argv[1:])
    config = ROOT / "configs" / config_name

    def decorate(task: Task) -> Callable[[], Any]:
        @functools.wraps(task)
        def guarded(cfg: DictConfig) -> Any:
            try:
                with user_errors(cfg):
                    return task(cfg)
            except VoxnasError as error:
                if HydraConfig.get().mode == RunMode.MULTIRUN or cfg.get("debug_traceback"):
                    raise RunError(str(error)) from error  # the sweep goes on, and fails at its end
                _exit(f"error: {error}", RUN_FAILED)
            except KeyboardInterrupt:
                _exit(STOPPED, INTERRUPTED)

        main = hydra.main(version_base="1.3", config_path=str(config.parent), config_name=config.name)(
            guarded
        )

        @functools.wraps(task)
        def start() -> Any:
            try:
                return main()
            except KeyboardInterrupt:  # while it waits for runs in processes of their own
                _exit(STOPPED, INTERRUPTED)

        return start

    return decorate


@contextmanager
def user_errors(cfg: DictConfig) -> Iterator[None]:
    """Show what is wrong with the input or the settings as one line and exit with code 2, at once."""
    try:
        yield
    except (InputError, OmegaConfBaseException, hydra.errors.InstantiationException) as error:
        if cfg.get("debug_traceback"):
            raise
        _exit(f"error: {root_cause(error)}", USER_ERROR)


def _check_arguments(arguments: Sequence[str]) -> None:
    """Hydra's own answer to a path with spaces or brackets is four lines about its grammar."""
    for argument in arguments:
        key, _, value = argument.partition("=")
        if key.startswith("-") or not value:
            continue
        try:
            OverridesParser.create().parse_override(argument)
        except HydraException:
            quoted = value.replace("'", "\\'")
            _exit(f"error: {key}: put the value in quotes inside quotes: \"{key}='{quoted}'\"", USER_ERROR)


def prepare_environment() -> None:
    """Where logs and promoted candidates lie (environment variable VOXNAS_LOG_DIR); what configs refer to."""
    logs = Path(os.environ.setdefault("VOXNAS_LOG_DIR", str(ROOT / "logs"))).resolve()
    os.environ["VOXNAS_LOG_DIR"] = str(logs)
    os.environ.setdefault("VOXNAS_ROOT", str(ROOT))
    (logs / "promoted").mkdir(parents=True, exist_ok=True)  # Hydra warns of a search path that is not there
    register_resolvers()
    register_search_path()
    log = logging.getLogger("voxnas")
    if not log.handlers:
        log.addHandler(logging.StreamHandler())
        log.setLevel(logging.INFO)


def quiet_libraries() -> None:
    """Lightning's advice is for developers of training loops, not for the people who run this one."""
    for name in ("lightning.pytorch", "lightning.fabric", "lightning"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for pattern in (
        ".*does not have many workers.*",
        ".*isinstance.treespec.*",
        ".*exists and is not empty.*",
        ".*smaller than the logging interval.*",
    ):
        warnings.filterwarnings("ignore", message=pattern)


def root_cause(error: BaseException) -> str:
    """Hydra wraps what a constructor raises: the user wants the innermost message, on one line."""
    while not isinstance(error, VoxnasError) and (cause := _cause(error)) is not None:
        error = cause
    if isinstance(error, MissingMandatoryValue):
        return f"{error.full_key} is missing: give {error.full_key}=VALUE"
    text = " ".join(str(error).split())
    return text if isinstance(error, VoxnasError) else f"{type(error).__name__}: {text}"


def _cause(error: BaseException) -> BaseException | None:
    """OmegaConf names no cause when one of the resolvers raises."""
    return error.__context__ if isinstance(error, InterpolationResolutionError) else error.__cause__


def _exit(message: str, code: int) -> None:
    print(message, file=sys.stderr)
    raise Stop(message, code)
