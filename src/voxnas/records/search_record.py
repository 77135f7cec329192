"""The record of one differentiable search, in `search.json` beside the genotype that it found."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voxnas.records.record import SCHEMA_VERSION, Status, write_values
from voxnas.utils.errors import InputError

FILE_NAME, GENOTYPE = "search.json", "genotype.json"


@dataclass
class SearchRecord:
    """One search.

    Its `history` has per epoch: epoch, val_esr (of the strongest choices alone), losses of weights and
    choices, expected cost, entropy, temperature, seconds.
    """

    candidate: str
    study: str
    status: Status
    identity: str  # hash of everything that shaped the result
    reason: str | None = None
    space: str = ""
    seed: int | None = None
    best_val_loss: float | None = None
    best_epoch: int | None = None
    epochs: int | None = None
    seconds: float | None = None
    cost_unit: str = ""  # of `expected_cost`
    largest_cost: float | None = None  # of the space's most expensive network
    settings: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    genotype: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    created: str | None = None  # ISO 8601, UTC
    finished: str | None = None
    schema_version: int = SCHEMA_VERSION

    def summarise(self) -> None:
        """The figures of the whole, from the history."""
        self.epochs = len(self.history)
        self.seconds = sum(epoch["seconds"] for epoch in self.history)
        if self.history:
            best = min(self.history, key=lambda epoch: epoch["val_esr"])
            self.best_val_loss, self.best_epoch = best["val_esr"], int(best["epoch"])

    def write(self, folder: Path) -> Path:
        """Write `search.json` in one step."""
        return write_values(folder / FILE_NAME, self)

    @classmethod
    def read(cls, folder: Path) -> "SearchRecord":
        """That in a search's folder; InputError on a file that is not one. Unknown keys are dropped."""
        path = folder / FILE_NAME
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            known = {f.name for f in dataclasses.fields(cls)}
            return cls(**{key: value for key, value in values.items() if key in known})
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: not a search's record ({error}); delete it to search again") from error


def search_behind(genotype: Path) -> dict[str, Any]:
    """What a run's record says of the search that found its genotype; empty for one from elsewhere."""
    if not (genotype.parent / FILE_NAME).exists():
        return {}
    found = SearchRecord.read(genotype.parent)
    left_out = ("candidate", "study", "reason", "genotype", "data", "machine", "versions", "schema_version")
    rest = {key: value for key, value in dataclasses.asdict(found).items() if key not in left_out}
    return {"by": "darts", "name": found.candidate, **rest}
