"""The database of a search's trials: opened by many processes at once, and brought up to date."""

import logging
import time
from pathlib import Path

import numpy as np
import optuna
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from voxnas.search.sqlite_wait import Connection
from voxnas.search.storage_upgrade import upgrade_postgres, upgrade_sqlite
from voxnas.utils.errors import InputError

log = logging.getLogger(__name__)

SQLITE, POSTGRES = "sqlite", "postgresql"
WAIT_S = 60  # in SQLite, for others that write
_ATTEMPTS = 8
# What a database says to one that makes the tables a moment after another
_TABLES_IN_THE_MAKING = (OperationalError, IntegrityError, ProgrammingError)


def open_storage(url: str) -> BaseStorage:
    """The database, with Optuna's tables as they are today.

    Several processes may be making the tables at the same time, so a failure may be over soon. Tables of an
    earlier Optuna, 2.10 say, are brought up to date in place, by one of the processes; beside an SQLite
    file stays a copy of what it was.

    Args:
        url: `sqlite:///PATH` or `postgresql+psycopg2://USER:PASSWORD@HOST/NAME`.

    Raises:
        InputError: one that cannot be opened.
    """
    is_file = url.startswith(SQLITE)
    for attempt in range(_ATTEMPTS):
        try:
            storage = _connect(url)
            _bring_up_to_date(storage, url)
            return optuna.storages.get_storage(storage)
        except (ArgumentError, ImportError, RuntimeError) as error:
            raise unusable(url, error) from error
        except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
            if attempt == _ATTEMPTS - 1 or not (is_file or isinstance(error, _TABLES_IN_THE_MAKING)):
                raise unusable(url, error) from error
            time.sleep(0.1 * 2**attempt * (0.5 + np.random.default_rng().random()))
    raise AssertionError


def unusable(url: str, error: Exception) -> InputError:
    """The line for it, without the password."""
    if isinstance(error, optuna.exceptions.StorageInternalError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # itself it guesses
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    shown = url if "@" not in url else f"{url.split('://')[0]}://…@{url.rsplit('@', 1)[1]}"
    return InputError(f"storage {shown} cannot be used: {first}")


def _connect(url: str) -> RDBStorage:
    if not url.startswith(SQLITE):
        return RDBStorage(url, skip_compatibility_check=True)
    if path := make_url(url).database:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    waiting = {"connect_args": {"timeout": WAIT_S, "factory": Connection}}
    return RDBStorage(url, engine_kwargs=waiting, skip_compatibility_check=True)


def _bring_up_to_date(storage: RDBStorage, url: str) -> None:
    found, today = storage.get_current_version(), storage.get_head_version()
    if found == today:
        return
    if found not in storage.get_all_versions():
        raise InputError(f"{_name(url)} was written by a later Optuna than {optuna.__version__}: update it")
    where = make_url(url)
    if where.get_backend_name() == SQLITE:
        kept = upgrade_sqlite(Path(where.database or ""), found)
        done, note = kept is not None, f"; as it was: {kept}"
    elif where.get_backend_name() == POSTGRES:
        done, note = upgrade_postgres(storage, url, found), ""
    else:
        raise InputError(f"{_name(url)} is of an earlier Optuna: optuna storage upgrade --storage URL")
    if done:
        log.info("%s: brought from Optuna's tables %s to %s%s", _name(url), found, today, note)


def _name(url: str) -> str:
    where = make_url(url)
    return str(where.database) if where.get_backend_name() == SQLITE else where.render_as_string()
