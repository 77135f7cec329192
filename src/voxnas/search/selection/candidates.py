"""From one rung of a study to the next: who goes on, and as what."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import OmegaConf

from voxnas.records.record import FILE_NAME, Record
from voxnas.utils.errors import InputError
from voxnas.utils.files import remove_temporaries, write_text


def read_rung(folder: Path) -> dict[Path, Record]:
    """The records of a rung by their runs' folders. Raises InputError if there are none."""
    records = {path.parent: Record.read(path) for path in sorted(folder.glob(f"*/{FILE_NAME}"))}
    if not records:
        raise InputError(f"{folder}: no run records; run src/train.py -m search=... for this study first")
    return records


def select(records: dict[Path, Record], keep: float) -> list[Path]:
    """The best by validation ESR, ties by cost (RTF, then multiply-adds).

    Args:
        keep: a share of those that finished if below 1 (rounded down, but at least one), else a number.
    """
    finished = [
        (folder, r) for folder, r in records.items() if r.status == "ok" and r.best_val_loss is not None
    ]
    if keep <= 0:
        raise InputError(f"keep={keep}: give a share (0.5) or a number of candidates (6)")
    if not finished:
        states = sorted({r.status for r in records.values()})
        raise InputError(f"no candidate finished ({', '.join(states)}): nothing to promote")
    finished.sort(key=lambda item: _rank(item[1]))
    count = max(1, int(keep * len(finished))) if keep < 1 else int(keep)
    return [folder for folder, _ in finished[:count]]


def _rank(record: Record) -> tuple[float, float, float, str]:
    unknown = float("inf")
    return (
        unknown if record.best_val_loss is None else record.best_val_loss,
        unknown if record.cpu_rtf is None else record.cpu_rtf,
        unknown if record.macs_per_sample is None else record.macs_per_sample,
        record.candidate,
    )


def write_candidates(runs: Sequence[Path], group: Path) -> list[Path]:
    """Write each run as a config of the group `candidate`: name, architecture, its own settings, its weights.

    Candidates of an earlier promotion that do not survive are removed. What is there already is not touched,
    so that another process may be sweeping over the group.
    """
    written = []
    for run in runs:
        record = Record.read(run)
        path = group / f"{record.candidate}.yaml"
        config = _candidate_config(run, record)
        if not path.exists() or path.read_text(encoding="utf-8") != config:
            write_text(path, config)
        written.append(path)
    remove_temporaries(group)
    for stale in set(group.glob("*.yaml")) - set(written):
        stale.unlink(missing_ok=True)
    return written


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
    header = (
        "# @package _global_\n"
        f"# {record.candidate}, promoted from {record.rung} with validation ESR {record.best_val_loss:.5g}\n"
        "defaults:\n  - override /model: architecture\n\n"
    )
    return header + OmegaConf.to_yaml(config)
