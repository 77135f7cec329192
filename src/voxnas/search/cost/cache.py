"""Cache of the figures that this machine has measured, in the user's cache folder."""

import functools
import json
import logging
import math
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from voxnas.kernels.build import Unavailable, cache_folder
from voxnas.utils.files import write_text

TURN_TIMEOUT_S = 120
LOWER = 0.97  # a measurement repeated on a quiet machine differs by less

log = logging.getLogger(__name__)


def cached(key: str, measure: Callable[[], float]) -> float:
    """The figure of this key, measured unless it was before.

    Processes of one machine take turns: measurements do not disturb each other, and none is made twice.
    Where nothing can be kept, the figure is measured and a line says so.
    """
    found = None
    try:
        path = _folder() / f"{key}.json"
        if (found := _read(path)) is not None:
            return found
        with FileLock(path.with_name(f".{platform.node()}.lock"), timeout=TURN_TIMEOUT_S):
            if (found := _read(path)) is None:
                found = measure()
                write_text(path, json.dumps(found) + "\n")
            return found
    except (Unavailable, OSError) as error:
        _say_once(str(error))
        return measure() if found is None else found


def keep_lower(key: str, figure: float) -> None:
    """Keep this figure if there is none of the key, or one that is higher by more than chance."""
    with suppress(Unavailable, OSError):  # `cached` tells
        path = _folder() / f"{key}.json"
        kept = _read(path)
        if kept is None or figure < LOWER * kept:
            write_text(path, json.dumps(figure) + "\n")


@functools.cache
def _say_once(why: str) -> None:
    log.warning("measured costs cannot be kept: %s", why)


def _folder() -> Path:
    if os.name != "posix":
        raise Unavailable("there is no private folder for them on this system")
    folder = cache_folder() / "costs"
    folder.mkdir(exist_ok=True)
    return folder


def _read(path: Path) -> float | None:
    """None where there is no file, or one that holds no figure."""
    with suppress(OSError, ValueError):
        figure = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(figure, float) and 0 < figure < math.inf:
            return figure
    return None
