"""Optuna's dashboard of a search's trials: parallel coordinates, importances, the Pareto front."""

import os
from pathlib import Path

from voxnas.search.storage import open_storage
from voxnas.utils.errors import InputError

HOST = "127.0.0.1"  # whoever reaches it may change the trials: nobody but this machine does
DATABASE = "optuna.db"


def database_of(studies: Path, study: str | None) -> str:
    """The URL of the database that a search of the study last wrote to. InputError if there is none."""
    if study is None:
        raise InputError("name a study: study=NAME, a folder of " + os.fspath(studies))
    folder = studies / study
    found = sorted([*folder.glob(DATABASE), *folder.glob(f"*/{DATABASE}")], key=lambda p: p.stat().st_mtime)
    if not found:
        raise InputError(f"{folder}: no {DATABASE}; search=optuna makes one, or give storage=URL")
    return f"sqlite:///{found[-1]}"


def serve(storage: str, port: int) -> None:
    """Show the trials of a database in a browser of this machine, until Ctrl-C.

    Raises:
        InputError: the dashboard is not installed, or the database or the port cannot be used.
    """
    try:
        from optuna_dashboard import run_server
    except ImportError as error:
        raise InputError("optuna-dashboard is not installed: python -m voxnas setup dashboard") from error
    opened = open_storage(storage)
    try:
        run_server(opened, host=HOST, port=port)
    except (OSError, OverflowError) as error:
        raise InputError(f"port={port}: {error}; give another") from error
