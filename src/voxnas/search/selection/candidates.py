"""From one rung of a study to the next: the survivors as configs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from omegaconf import OmegaConf

from voxnas.records.record import FILE_NAME, Record
from voxnas.search.selection.base import Selection
from voxnas.search.selection.rungs import Rung, share_or_number
from voxnas.utils.errors import InputError
from voxnas.utils.files import remove_temporaries, write_text


def read_rung(folder: Path) -> dict[Path, Record]:
    """The records of a rung by their runs' folders. Raises InputError if there are none."""
    records = {path.parent: Record.read(path) for path in sorted(folder.glob(f"*/{FILE_NAME}"))}
    if not records:
        raise InputError(f"{folder}: no run records; run src/train.py -m search=... for this study first")
    return records


def best(records: Mapping[Path, Record], selection: Selection, keep: float) -> list[Path]:
    """The runs of a rung that go on. Raises InputError if none has finished, and for what is no `keep`."""
    rung = Rung("", None, share_or_number(keep))
    runs = {run.name: run for run in records}
    order = selection.order({run.name: record for run, record in records.items()})
    if not order:
        states = ", ".join(sorted({record.status for record in records.values()}))
        raise InputError(f"no candidate finished ({states}): nothing to promote")
    return [runs[name] for name in order[: rung.survivors(len(order))]]


def write_candidates(runs: Sequence[Path], group: Path) -> list[Path]:
    """Write each run as a config of the group `candidate`: name, architecture, its own settings, its weights.

    Candidates of an earlier promotion that do not survive are removed. What is there already is not touched,
    so that another process may be sweeping over the group.
    """
    written = [write_candidate(run, group) for run in runs]
    remove_temporaries(group)
    for stale in set(group.glob("*.yaml")) - set(written):
        stale.unlink(missing_ok=True)
    return written


def write_candidate(run: Path, group: Path) -> Path:
    """Write one run as such a config, unless it is there already; the others stay."""
    record = Record.read(run)
    if not is_candidate(run, record, group):
        write_text(_path(record, group), _candidate_config(run, record))
    return _path(record, group)


def is_candidate(run: Path, record: Record, group: Path) -> bool:
    """Whether this very run, with this very result, was promoted to the group."""
    path = _path(record, group)
    return path.exists() and path.read_text(encoding="utf-8") == _candidate_config(run, record)


def _path(record: Record, group: Path) -> Path:
    return group / f"{record.candidate}.yaml"


def _candidate_config(run: Path, record: Record) -> str:
    config = OmegaConf.create(
        {
            "name": f'${{run_name:"{record.candidate}",${{unnamed}}}}',
            "init_from": str(run / "checkpoints" / "best.ckpt"),
            "inherited": list(record.settings),
            "model": {"architecture": record.architecture},
        }
    )
    for key, value in record.settings.items():
        OmegaConf.update(config, key, value, force_add=True)
    score = record.value("score")
    words = "" if score is None else f" with a score of {score:.5g}"
    header = (
        "# @package _global_\n"
        f"# {record.candidate}, promoted from {record.rung}{words}\n"
        "defaults:\n  - override /model: architecture\n\n"
    )
    return header + OmegaConf.to_yaml(config)
