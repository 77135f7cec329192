"""The run record: what is known about one candidate on one rung, in `record.json`."""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text

SCHEMA_VERSION = 1
FILE_NAME = "record.json"
Status = Literal["running", "ok", "rejected", "failed", "interrupted"]


@dataclass
class Record:
    """One run. Figures that are not known are None; units are in the names, ESR and RTF are ratios."""

    candidate: str
    study: str
    rung: str
    status: Status
    identity: str  # hash of everything that shaped the result
    reason: str | None = None  # why rejected, failed or interrupted
    # quality
    best_val_loss: float | None = None  # ESR over the whole validation section
    best_train_loss: float | None = None
    best_epoch: int | None = None
    epochs: int | None = None
    test_esr: float | None = None
    test_mrstft: float | None = None
    asr: float | None = (
        None  # of a sine's answer, aliases' energy over the harmonics': mean over pitches in dB
    )
    # what it looks like
    num_layers: int | None = None
    channels: int | None = None
    kernel_size: int | None = None
    causal: bool = True
    receptive_field: int | None = None  # samples
    latency_ms: float | None = None
    delay_samples: int | None = None  # that the network adds
    parameters: int | None = None
    macs_per_sample: int | None = None
    # what it costs on this CPU, at `block_size`
    cpu_mean_ms: float | None = None
    cpu_median_ms: float | None = None
    cpu_p99_ms: float | None = None
    cpu_max_ms: float | None = None
    cpu_rtf: float | None = None
    cpu_realtime_capable: bool | None = None
    block_size: int | None = None
    engine: str | None = None
    aliasing: list[dict[str, float]] = field(default_factory=list)  # per pitch: hz, asr
    benchmarks: list[dict[str, Any]] = field(default_factory=list)  # the same figures per block size
    cost: dict[str, Any] = field(default_factory=dict)  # before training, where a limit asked for it
    # how it came about
    train_seconds: float | None = None
    sample_rate: int | None = None
    seed: int | None = None
    exports: dict[str, str] = field(default_factory=dict)  # format → file, relative to the run's folder
    previews: dict[str, str] = field(default_factory=dict)  # dry, target, model → file
    history: list[dict[str, float]] = field(default_factory=list)  # per epoch: epoch, train_loss, val_esr, …
    architecture: dict[str, Any] = field(default_factory=dict)
    search: dict[str, Any] = field(default_factory=dict)  # how it was found: by what, when, at what cost
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

    def write(self, folder: Path) -> Path:
        """Write `record.json` atomically: a reader sees the old file or the new one, never a part."""
        return write_values(folder / FILE_NAME, self)

    def value(self, name: str) -> float | None:
        """A figure by its name; `score` is the one that decides. None if there is none."""
        found: float | None = getattr(self, {"score": "best_val_loss"}.get(name, name), None)
        return found

    @classmethod
    def read(cls, path: Path) -> "Record":
        """Read a record, or the one in a run's folder.

        Unknown keys are dropped, so that older readers take newer records.
        Raises InputError on a file that is not a record.
        """
        path = path / FILE_NAME if path.is_dir() else path
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            known = {f.name for f in dataclasses.fields(cls)}
            return cls(**{k: _restore(v) if k in _NUMBERS else v for k, v in values.items() if k in known})
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path}: not a run record ({error}); delete it to run the candidate again"
            ) from error


def write_values(path: Path, record: Any) -> Path:
    """Write a dataclass as JSON in one step."""
    text = json.dumps(finite(dataclasses.asdict(record)), indent=2, allow_nan=False)
    write_text(path, text + "\n")
    return path


def finite(value: Any) -> Any:
    """JSON has no infinity and no NaN: they are written as strings, and read back by `_restore`."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return value


_NUMBERS = {f.name for f in dataclasses.fields(Record) if "float" in str(f.type)}


def _restore(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _restore(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_restore(v) for v in value]
    return float(value) if value in ("inf", "-inf", "nan") else value
