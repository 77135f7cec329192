"""Recordings of a table, each checked and aligned as a pair, and cut into the same kinds of sections."""

import hashlib
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from voxnas.problems.amp.data.amp_pair import Recording, load_amp_pair
from voxnas.problems.amp.data.knobs.table import Row, Table
from voxnas.utils.errors import InputError, InputErrors

ONE_DELAY = 8  # samples within which measured delays are of one chain, heard through other settings


@dataclass(frozen=True, eq=False)
class KnobRecordings:
    """Recordings of a table's rows, in their order; `held_out` are the places of those that train nothing."""

    table: Table
    recordings: tuple[Recording, ...]
    held_out: tuple[int, ...] = ()

    @property
    def trained(self) -> list[int]:
        """The places of those that train."""
        return [place for place in range(len(self.recordings)) if place not in self.held_out]

    @cached_property
    def heard(self) -> np.ndarray:
        """What a network hears at each setting, `(rows, k)`."""
        return np.array([self.table.heard(row) for row in self.table.rows], np.float32)

    @cached_property
    def gains(self) -> np.ndarray:
        """One over the loudness of each training section: what makes all settings count the same."""
        parts = [r.pair.target[slice(*r.sections.train)] for r in self.recordings]
        return np.array([1 / max(float(np.sqrt(np.mean(np.square(p)))), 1e-6) for p in parts], np.float32)

    @property
    def fingerprint(self) -> str:
        """A SHA-256 over the recordings, their settings, the panel, and what is kept back."""
        rows = zip(self.table.rows, self.recordings, strict=True)
        said = [[dict(row.setting), recording.pair.fingerprint] for row, recording in rows]
        panel = [control.as_values() for control in self.table.controls]
        return hashlib.sha256(json.dumps([said, panel, list(self.held_out)]).encode()).hexdigest()


def load_recordings(
    table: Table, held_out: Sequence[Row] = (), delay: int | str = "auto", **options: Any
) -> KnobRecordings:
    """Load the recordings; `delay` and `options` are as `load_amp_pair` has them.

    Delays that are measured, and differ by a few samples, are those of one chain: what differs is how its
    settings sound, and all get the middle one. Raises InputErrors with a line for each fault and its row.
    """
    loaded = _load(table, [delay] * len(table.rows), options)
    if delay == "auto":
        delays = [recording.pair.delay_samples for recording in loaded]
        if 0 < max(delays) - min(delays) <= ONE_DELAY:
            middle = int(statistics.median_low(delays))
            loaded = _load(table, [middle] * len(delays), options, loaded)
    rates = {recording.pair.sample_rate for recording in loaded}
    if len(rates) > 1:
        rows = zip(table.rows, loaded, strict=True)
        raise InputErrors([f"row {row.number}: {recording.pair.sample_rate} Hz" for row, recording in rows])
    places = [place for place, row in enumerate(table.rows) if row in held_out]
    return KnobRecordings(table, tuple(loaded), tuple(places))


def _load(
    table: Table,
    delays: Sequence[int | str],
    options: Mapping[str, Any],
    before: Sequence[Recording] | None = None,
) -> list[Recording]:
    """The recordings at these delays; what was loaded before at the same one stays."""
    loaded: list[Recording] = []
    faults: list[str] = []
    for place, (row, delay) in enumerate(zip(table.rows, delays, strict=True)):
        if before is not None and before[place].pair.delay_samples == delay:
            loaded.append(before[place])
            continue
        try:
            loaded.append(load_amp_pair(row.input, row.target, delay=delay, **options))  # type: ignore[arg-type]
        except InputError as error:
            faults.append(f"row {row.number} ({row.label}): {error}")
    if faults:
        raise InputErrors(faults)
    return loaded
