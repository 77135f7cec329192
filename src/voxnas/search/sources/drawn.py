"""The candidates of a search as the first of its processes has drawn them, for all others to go by."""

import json
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from voxnas.search.sources.proposals import Proposal
from voxnas.search.spaces.base import Value
from voxnas.utils.files import write_text


@dataclass(frozen=True)
class Drawn:
    """A candidate: the name of its run's folder, the overrides that make it, and the choices behind them."""

    name: str
    chosen: tuple[str, ...]
    choices: Mapping[str, Value]


def drawn_once(path: Path, draw: Callable[[], Iterable[Proposal]]) -> list[Drawn]:
    """What the file says, which whoever is first writes: a cost that is measured may let in a candidate of
    which another process would say that it is too dear."""
    if not path.exists():
        _write_first(path, [Drawn(p.name, p.chosen, p.choices) for p in draw()])
    entries = json.loads(path.read_text(encoding="utf-8"))
    return [Drawn(entry["name"], tuple(entry["chosen"]), entry["choices"]) for entry in entries]


def _write_first(path: Path, found: list[Drawn]) -> None:
    """Write the list unless another process was first."""
    own = path.with_name(f".{path.stem}-{socket.gethostname()}-{os.getpid()}{path.suffix}")
    write_text(own, json.dumps([asdict(candidate) for candidate in found], indent=1))
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        os.replace(own, path)
    finally:
        own.unlink(missing_ok=True)
