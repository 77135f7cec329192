"""The kinds of recordings with knobs that configs/data offers, each as a data module."""

import logging
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from voxnas.problems.amp.data.knobs.datamodule import KnobsDataModule
from voxnas.problems.amp.data.knobs.held_out import HeldOut, held_out_rows
from voxnas.problems.amp.data.knobs.recordings import KnobRecordings, load_recordings
from voxnas.problems.amp.data.knobs.table import Row, Table, read_table

COLUMN = "column"

log = logging.getLogger(__name__)


def amp_knobs(
    settings: str,
    input: str | None = None,
    sample_rate: int | None = None,
    held_out: HeldOut = None,
    *,
    segment_length: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    **options: Any,
) -> KnobsDataModule:
    """A user's own recordings of a device at several settings; `options` as `load_amp_pair`.

    `input` is the dry recording; None or COLUMN where the table names it.
    Raises InputErrors with a line for each fault of the table.
    """
    from voxnas.audio.files import file_sample_rate

    input = None if input == COLUMN else input
    path = Path(settings).expanduser()
    table = _table(settings, input, path.stat().st_mtime_ns if path.is_file() else 0)
    rate = sample_rate or file_sample_rate(table.rows[0].input)
    load = partial(_load, sample_rate=sample_rate, **options)
    kept = held_out_rows(table, _plain(held_out))
    return KnobsDataModule(table, load, rate, kept, segment_length, batch_size, seed)


def demo_knobs(
    folder: str,
    sample_rate: int = 48000,
    seconds: float = 16.0,
    demo_seed: int = 0,
    held_out: HeldOut = None,
    *,
    knobs: Any = None,
    segment_length: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    **options: Any,
) -> KnobsDataModule:
    """The demo rig at several positions of its drive, tone and level; `options` as `load_amp_pair`.

    `knobs` are the positions of each, 0 to 1, as `demo_table` takes them. They are made on first use.
    """
    from voxnas.problems.amp.data.knobs.demo import demo_table, make_recordings

    rig = Path(folder), seconds, sample_rate, demo_seed
    table = demo_table(*rig, _plain(knobs) or {})
    kept = held_out_rows(table, _plain(held_out))

    def load(table: Table, held_out: Sequence[Row]) -> KnobRecordings:
        make_recordings(table, *rig)
        return _load(table, held_out, delay=0, **options)

    return KnobsDataModule(table, load, sample_rate, kept, segment_length, batch_size, seed)


@lru_cache(maxsize=4)
def _table(settings: str, input: str | None, _: int) -> Table:
    """Reads a table once for all candidates of a sweep, and says which ranges it took from the values."""
    table = read_table(settings, input)
    for control in table.controls:
        how = ", as far as the values go" if control.name in table.inferred else ""
        log.info("control %s%s", control.shown, how)
    if table.inferred:
        log.info("a knob that goes further says so in its title: %s [0..10]", table.inferred[0])
    return table


_loaded: dict[str, KnobRecordings] = {}


def _load(table: Table, held_out: Sequence[Row], **options: Any) -> KnobRecordings:
    """Reads and checks the recordings once for all candidates of a sweep; says what the user should know."""
    key = repr((table, held_out, sorted(options.items())))
    if key not in _loaded:
        found = load_recordings(table, held_out, **options)
        _loaded.clear()
        _loaded[key] = found
        said: dict[str, list[str]] = {}
        for row, recording in zip(table.rows, found.recordings, strict=True):
            for finding in (*recording.pair.findings, *recording.sections.findings):
                if finding.level in ("notice", "warning"):
                    said.setdefault(f"{finding.level}: {finding.message}", []).append(str(row.number))
        for message, rows in said.items():
            log.warning("%s (row %s)", message, ", ".join(rows))
    return _loaded[key]


def _plain(value: Any) -> Any:
    """Plain values of a config's."""
    from omegaconf import OmegaConf

    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
