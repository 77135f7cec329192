"""An earlier Optuna's tables brought up to date: by one of the processes, wholly or not at all."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from optuna.storages import RDBStorage
from sqlalchemy import create_engine, text

from voxnas.search.optuna_private import migrate

WAIT_S = 60  # for others that write, or that upgrade
_LOCK = 0x766F786E6173  # PostgreSQL's name for our right to upgrade: any number that others do not use
_VERSION = "SELECT version_num FROM main.alembic_version"
# Changes nothing, but nobody else may write from there on; BEGIN IMMEDIATE would bar us from what is attached
_HOLD = "UPDATE main.alembic_version SET version_num = version_num"


def upgrade_sqlite(path: Path, found: str) -> Path | None:
    """Bring the tables of version `found` up to date; the copy of what was, or None if somebody else did.

    Optuna's migration of an SQLite file is many transactions, and what is cut in it is neither old nor new.
    So it is done on a copy, which then takes the place of the tables in one transaction. That transaction is
    begun before the copy is made, so that nobody else writes meanwhile.
    """
    with (
        TemporaryDirectory() as scratch,
        closing(sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)) as database,
    ):
        copy = Path(scratch, "upgraded.db")
        database.execute("ATTACH ? AS upgraded", (str(copy),))
        database.execute("BEGIN")
        database.execute(_HOLD)
        if database.execute(_VERSION).fetchone() != (found,):
            return None
        kept = _keep(path, path.with_name(f"{path.stem}-{found}{path.suffix}"))
        _copy(kept, copy)
        storage = RDBStorage(f"sqlite:///{copy}", skip_compatibility_check=True)
        migrate(storage)
        storage.engine.dispose()
        _take_over(database)
        database.execute("COMMIT")
        return kept


def upgrade_postgres(storage: RDBStorage, url: str, found: str) -> bool:
    """The same in PostgreSQL, where a migration is one transaction; whether this process has done it."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            connection.execute(text(f"SELECT pg_advisory_lock({_LOCK})"))
            mine = storage.get_current_version() == found
            if mine:
                migrate(storage)
            return mine
    finally:
        engine.dispose()  # which gives the lock back


def _keep(path: Path, kept: Path) -> Path:
    """Whole, or not at all."""
    growing = kept.with_name(f".{kept.name}-{os.getpid()}")
    try:
        _copy(path, growing)
        os.replace(growing, kept)
    finally:
        growing.unlink(missing_ok=True)
    return kept


def _copy(path: Path, into: Path) -> None:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(into)) as target:
        source.backup(target)


def _take_over(database: sqlite3.Connection) -> None:
    """Put all that `upgraded` holds in the place of what `main` holds."""
    listed = "SELECT name FROM {}.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    for (name,) in database.execute(listed.format("main")).fetchall():
        database.execute(f'DROP TABLE main."{name}"')
    made = database.execute("SELECT sql FROM upgraded.sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC")
    for (sql,) in made.fetchall():  # tables, then their indices
        database.execute(sql)
    for (name,) in database.execute(listed.format("upgraded")).fetchall():
        database.execute(f'INSERT INTO main."{name}" SELECT * FROM upgraded."{name}"')
