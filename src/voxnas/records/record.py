"""Run record: what is known about one candidate on one rung, in `record.json`.

Second edition. What every run has is a field; figures are in groups by what they say of a run, each under a
name of its own, so that any of them can be an objective or a column: see `Record.value`.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from voxnas.records.schema1 import from_schema_1
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text

SCHEMA_VERSION = 2
FILE_NAME = "record.json"
FILE_NAMES = {"candidate": FILE_NAME, "search": "search.json"}
GROUPS = ("metrics", "shape", "cost")
Status = Literal["running", "ok", "rejected", "failed", "interrupted"]


@dataclass
class Record:
    """One run. Figures that are not known are None or absent; units are in the names."""

    candidate: str
    study: str
    rung: str
    status: Status
    identity: str  # hash of everything that shaped the result
    reason: str | None = None  # why rejected, failed or interrupted
    problem: str = ""  # its name
    kind: str = "candidate"  # or "search": a differentiable one, which finds candidates
    # how well it did
    score: float | None = None  # of the best epoch, over the whole validation set
    maximise: bool = False  # whether a large score is good
    best_train_loss: float | None = None
    best_epoch: int | None = None
    epochs: int | None = None
    metrics: dict[str, Any] = field(default_factory=dict)  # measured after the fit
    shape: dict[str, Any] = field(default_factory=dict)  # known before it
    cost: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # per figure its value, and what it was had with
    estimate: dict[str, Any] = field(
        default_factory=dict
    )  # the cost before training, where a limit asked for it
    details: dict[str, list[dict[str, Any]]] = field(
        default_factory=dict
    )  # figures in rows: per block size, pitch
    # how it came about
    train_seconds: float | None = None
    seed: int | None = None
    exports: dict[str, str] = field(default_factory=dict)  # format → file, relative to the run's folder
    previews: dict[str, str] = field(default_factory=dict)  # what it is → file
    history: list[dict[str, float]] = field(
        default_factory=list
    )  # per epoch: epoch, score, train_loss, seconds
    architecture: dict[str, Any] = field(default_factory=dict)
    search: dict[str, Any] = field(default_factory=dict)  # how it was found: by what, when, at what cost
    # The run whose weights it began with, and the share of its own that these are
    inherits: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)  # what else the candidate sets, by config key
    data: dict[str, Any] = field(default_factory=dict)  # fingerprint, files, sections
    machine: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    git_revision: str | None = None
    cuts: int = 0  # attempts that were killed without coming an epoch further
    epochs_at_start: int = 0  # of this attempt
    created: str | None = None  # ISO 8601, UTC
    finished: str | None = None
    schema_version: int = SCHEMA_VERSION

    def value(self, name: str) -> Any:
        """A figure by its name, whichever group it is in; None where the run has none of that name."""
        if name in _FIELDS:
            return getattr(self, name)
        if name in self.cost:
            return self.cost[name].get("value")
        return self.metrics.get(name, self.shape.get(name))

    @property
    def loss(self) -> float:
        """The score, the lower the better; infinite where there is none."""
        if self.score is None:
            return math.inf
        return -self.score if self.maximise else self.score

    def summarise(self) -> None:
        """Take the figures of training from the history; the best epoch by its `choice` where it has one."""
        if not self.history:
            return
        sign = -1 if self.maximise else 1
        best = min(self.history, key=lambda epoch: epoch.get("choice", sign * epoch["score"]))
        self.score, self.best_epoch = best["score"], int(best["epoch"])
        losses = [epoch["train_loss"] for epoch in self.history if "train_loss" in epoch]
        self.best_train_loss = min(losses, default=None)
        self.epochs = len(self.history)
        self.train_seconds = sum(epoch["seconds"] for epoch in self.history)

    def write(self, folder: Path) -> Path:
        """Write the record atomically: a reader sees the old file or the new one, never a part."""
        path = folder / FILE_NAMES[self.kind]
        text = json.dumps(finite(dataclasses.asdict(self)), indent=2, allow_nan=False)
        write_text(path, text + "\n")
        return path

    @classmethod
    def read(cls, path: Path) -> "Record":
        """Read a record, or the one in a run's folder; one of the first edition becomes one of this.

        Unknown keys are dropped, so that older readers take newer records.
        Raises InputError on a file that is not a record.
        """
        path = path / FILE_NAME if path.is_dir() else path
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            if values.get("schema_version") == 1:
                values = from_schema_1(values)
            return cls(**{k: _restore(v) if k in _NUMBERS else v for k, v in values.items() if k in _FIELDS})
        except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            raise InputError(
                f"{path}: not a run record ({error}); delete it to run the candidate again"
            ) from error


_FIELDS = {f.name: str(f.type) for f in dataclasses.fields(Record)}
_NUMBERS = {name for name, kind in _FIELDS.items() if "float" in kind} | {*GROUPS, "estimate", "details"}
CONTAINERS = [name for name, kind in _FIELDS.items() if kind.startswith(("dict", "list"))]
CORE = {name: kind for name, kind in _FIELDS.items() if name not in (*CONTAINERS, "kind")}
NUMBERS = [name for name, kind in CORE.items() if kind.startswith(("float", "int"))]


def finite(value: Any) -> Any:
    """JSON has no infinity and no NaN: they are written as strings, and read back by `_restore`."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return value


def measured(values: Mapping[str, Any], **conditions: Any) -> dict[str, dict[str, Any]]:
    """Figures as `Record.cost` has them: each known value with the conditions that it was had under."""
    known = {name: value for name, value in values.items() if value is not None}
    return {name: {"value": value, **conditions} for name, value in known.items()}


def _restore(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _restore(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_restore(v) for v in value]
    return float(value) if value in ("inf", "-inf", "nan") else value
