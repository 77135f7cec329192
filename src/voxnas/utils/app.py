"""Entry point of every script: Hydra's main with the project's paths, resolvers and one-line errors."""

import functools
import logging
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import CompactHydraException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    InterpolationResolutionError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from voxnas.utils import interrupt
from voxnas.utils.arguments import as_typed, opened, parsed, quoted
from voxnas.utils.errors import Busy, InputError, InputErrors, Stop, VoxnasError, storage_error
from voxnas.utils.resolvers import register_resolvers
from voxnas.utils.root import ROOT
from voxnas.utils.search_path import register_search_path
from voxnas.utils.settings import check_settings

# Exit codes; 1 is also that of a sweep with failed candidates
RUN_FAILED, USER_ERROR, INTERRUPTED = 1, 2, 130

STOPPED = "interrupted: the same command goes on from here"

FULL_ERROR = "HYDRA_FULL_ERROR"  # Hydra's switch: hand on what was raised, and print nothing

Task = Callable[[DictConfig], Any]


class RunError(VoxnasError, CompactHydraException):
    """Error of one run; a sweep goes on with the next. Hydra shows its message without a traceback."""


class RunBusy(RunError):
    """A candidate of a sweep that another process holds: it will be done there."""


def hydra_app(config_name: str, open_groups: Sequence[str] = ()) -> Callable[[Task], Callable[[], Any]]:
    """`hydra.main` on `configs/<config_name>.yaml`; the user's errors become one line and exit code 2.

    A name with a folder in it, such as `on_model/render`, sees the groups in that folder alone. There
    `model=PATH` is a value, where beside the group `configs/model` it would pick one of the group's files.
    `open_groups` take keys of any name, as those of a model's controls are.
    """
    prepare_environment()
    config = ROOT / "configs" / config_name
    sys.argv[1:] = opened(as_typed(sys.argv[1:], lambda key: (config.parent / key).is_dir()), open_groups)
    _check_arguments(sys.argv[1:])

    def decorate(task: Task) -> Callable[[], Any]:
        @functools.wraps(task)
        def guarded(cfg: DictConfig) -> Any:
            try:
                with user_errors(cfg):
                    check_settings(cfg)
                    return task(cfg)
            except VoxnasError as error:
                if HydraConfig.get().mode == RunMode.MULTIRUN or cfg.get("debug_traceback"):
                    kind = RunBusy if isinstance(error, Busy) else RunError
                    raise kind(str(error)) from error  # the sweep goes on, and fails at its end
                _exit(f"error: {error}", RUN_FAILED)
            except KeyboardInterrupt:
                _exit(STOPPED, INTERRUPTED)

        main = hydra.main(version_base="1.3", config_path=str(config.parent), config_name=config.name)(
            guarded
        )

        @functools.wraps(task)
        def start() -> Any:
            interrupt.started()
            wants_traceback = os.environ.get(FULL_ERROR) == "1"
            try:
                with _handing_on_errors():
                    return main()
            except KeyboardInterrupt:  # while it waits for runs in processes of their own
                _exit(STOPPED, INTERRUPTED)
            except Exception as error:
                if not wants_traceback and (line := _outside_of_runs(error)):
                    _exit(*line)
                traceback.print_exc()
                raise SystemExit(RUN_FAILED) from error

        return start

    return decorate


def _outside_of_runs(error: Exception) -> tuple[str, int] | None:
    """Message and exit code for an error where Hydra composes configs and makes folders."""
    if isinstance(error, MissingConfigException) and error.options:
        group, _, name = str(error.missing_cfg_file).rpartition("/")
        return f"error: {group}: not {name}, but one of {', '.join(error.options)}", USER_ERROR
    cause = error.__cause__
    if isinstance(error, CompactHydraException) and isinstance(cause, ConfigAttributeError | ConfigKeyError):
        key = cause.full_key
        return f"error: {key}: no such setting; check its name (+{key}=VALUE adds one)", USER_ERROR
    if isinstance(error, CompactHydraException):
        return f"{error}\n{cause}" if isinstance(cause, OmegaConfBaseException) else str(error), RUN_FAILED
    full = storage_error(error, os.environ["VOXNAS_LOG_DIR"])
    return (f"error: {full}", USER_ERROR) if full else None


@contextmanager
def _handing_on_errors() -> Iterator[None]:
    before = os.environ.get(FULL_ERROR)
    os.environ[FULL_ERROR] = "1"
    try:
        yield
    finally:
        os.environ.pop(FULL_ERROR)
        if before is not None:
            os.environ[FULL_ERROR] = before


@contextmanager
def user_errors(cfg: DictConfig) -> Iterator[None]:
    """Show what is wrong with the input or the settings as one line and exit with code 2, at once."""
    try:
        yield
    except (InputError, OmegaConfBaseException, hydra.errors.InstantiationException) as error:
        if cfg.get("debug_traceback"):
            raise
        _exit(f"error: {root_cause(error)}", USER_ERROR)
    except OSError as error:
        full = storage_error(error, os.environ["VOXNAS_LOG_DIR"])
        if full is None or cfg.get("debug_traceback"):
            raise
        _exit(f"error: {full}", USER_ERROR)


def _check_arguments(arguments: Sequence[str]) -> None:
    """Refuses a value that lacks quotes in one line; Hydra's own answer is four lines about its grammar."""
    for argument in arguments:
        key, _, value = argument.partition("=")
        if key.startswith("-") or not value:
            continue
        if parsed(argument) is None:
            line = f'error: {key}: put the value in quotes inside quotes: "{key}={quoted(value)}"'
            _exit(line, USER_ERROR)


def prepare_environment() -> None:
    """Prepares the folder of logs and promoted candidates (VOXNAS_LOG_DIR), and what configs refer to."""
    logs = Path(os.environ.setdefault("VOXNAS_LOG_DIR", str(ROOT / "logs"))).resolve()
    os.environ["VOXNAS_LOG_DIR"] = str(logs)
    os.environ.setdefault("VOXNAS_ROOT", str(ROOT))
    try:
        (logs / "promoted").mkdir(
            parents=True, exist_ok=True
        )  # Hydra warns of a search path that is not there
    except OSError as error:
        _exit(f"error: {storage_error(error, logs) or error}", USER_ERROR)
    register_resolvers()
    register_search_path()
    log = logging.getLogger("voxnas")
    if not log.handlers:
        log.addHandler(logging.StreamHandler())
        log.setLevel(logging.INFO)


def quiet_libraries() -> None:
    """Silences Lightning's advice, which is for developers of training loops, not for users of this one."""
    for name in ("lightning.pytorch", "lightning.fabric", "lightning"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for pattern in (
        ".*does not have many workers.*",
        ".*isinstance.treespec.*",
        ".*exists and is not empty.*",
        ".*smaller than the logging interval.*",
        ".*srun. command is available.*",
    ):
        warnings.filterwarnings("ignore", message=pattern)
    threading.excepthook = _unless_the_disk_is_full


def _unless_the_disk_is_full(args: threading.ExceptHookArgs) -> None:
    """Hook for TensorBoard's thread: no traceback of a full disk, which soon stops the run in one line."""
    if storage_error(args.exc_value, "") is None:
        threading.__excepthook__(args)


def root_cause(error: BaseException) -> str:
    """Hydra wraps what a constructor raises: the user wants the innermost message, on one line."""
    while not isinstance(error, VoxnasError) and (cause := _cause(error)) is not None:
        error = cause
    if isinstance(error, MissingMandatoryValue):
        return f"{error.full_key} is missing: give {error.full_key}=VALUE"
    if isinstance(error, InputErrors):
        return str(error)
    text = " ".join(str(error).split())
    return text if isinstance(error, VoxnasError) else f"{type(error).__name__}: {text}"


def _cause(error: BaseException) -> BaseException | None:
    """OmegaConf names no cause when one of the resolvers raises."""
    return error.__context__ if isinstance(error, InterpolationResolutionError) else error.__cause__


def _exit(message: str, code: int) -> None:
    print(message, file=sys.stderr)
    raise Stop(message, code)
