"""Connections to SQLite that say so when others lock the database for long."""

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FIRST_S, EVERY_S = 3.0, 30.0  # of waiting (a start takes four more) until the first line, and between lines

log = logging.getLogger(__name__)


class Waits:
    """Watch over calls that may wait for others; a thread of its own, as such a call holds up its caller.

    The thread begins with the first call, and looks on from afar: a call itself costs two assignments.
    """

    def __init__(self, first_s: float = FIRST_S, every_s: float = EVERY_S) -> None:
        self.first_s, self.every_s = first_s, every_s
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[float, str]] = {}  # since when, for which database, by thread
        self._started = False

    @contextmanager
    def over(self, database: str) -> Iterator[None]:
        """Say so every now and then while the block takes long."""
        with self._lock:
            if not self._started:
                threading.Thread(target=self._look_on, name="SQLite waits", daemon=True).start()
                self._started = True
        self._waiting[threading.get_ident()] = time.monotonic(), database
        try:
            yield
        finally:
            self._waiting.pop(threading.get_ident(), None)

    def _look_on(self) -> None:
        said: dict[tuple[int, float], float] = {}
        while True:
            time.sleep(min(1.0, self.first_s / 4))
            now, waiting = time.monotonic(), dict(self._waiting)
            said = {call: at for call, at in said.items() if call[0] in waiting}
            for thread, (since, database) in waiting.items():
                last = said.get((thread, since))
                if now - since >= self.first_s and (last is None or now - last >= self.every_s):
                    said[thread, since] = now
                    log.warning(
                        "%s: locked by another program, waiting for %.0f s so far", database, now - since
                    )


WAITS = Waits()


class Cursor(sqlite3.Cursor):
    """Cursor that says so when it waits."""

    def execute(self, *arguments: Any) -> "Cursor":
        with WAITS.over(_name(self.connection)):
            return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> "Cursor":
        with WAITS.over(_name(self.connection)):
            return super().executemany(*arguments)


class Connection(sqlite3.Connection):
    """Connection that says so when it waits, as the `factory` of `sqlite3.connect` takes it."""

    def __init__(self, database: Any, *arguments: Any, **settings: Any) -> None:
        self.database = str(database)
        super().__init__(database, *arguments, **settings)

    def cursor(self, *arguments: Any, **settings: Any) -> Any:
        return (
            super().cursor(Cursor)
            if not arguments and not settings
            else super().cursor(*arguments, **settings)
        )

    def commit(self) -> None:
        with WAITS.over(self.database):
            super().commit()


def _name(connection: sqlite3.Connection) -> str:
    return connection.database if isinstance(connection, Connection) else "SQLite"
