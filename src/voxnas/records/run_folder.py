"""A run's folder over several attempts: the finished stays, the cut goes on, the changed is redone."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from voxnas.records.claim import CLAIM, Claim, claimed
from voxnas.records.holder import DEFAULT_STALE_AFTER_S
from voxnas.records.record import FILE_NAMES, SCHEMA_VERSION, Record
from voxnas.utils.errors import InputError, VoxnasError
from voxnas.utils.files import remove_temporaries

FINISHED = ("ok", "rejected")
MOST_CUTS = 3  # attempts that end without a word at the same epoch before a run counts as failed
_KEPT_IN_PLACE = (CLAIM, ".hydra")  # and what begins so


@contextmanager
def exclusive(
    folder: Path, patient: bool = False, stale_after_s: float = DEFAULT_STALE_AFTER_S
) -> Iterator[Claim]:
    """Hold a run's folder for this process. Raises Busy while another one trains in it; see `claimed`."""
    if not stale_after_s >= 1:
        raise InputError(f"stale_after_s={stale_after_s}: give a second or more")
    with claimed(folder, patient=patient, stale_after_s=stale_after_s) as claim:
        remove_temporaries(folder)  # a killed attempt's
        yield claim


def previous_record(folder: Path, kind: str = "candidate") -> Record | None:
    """Record of an earlier attempt, if there is one. Raises InputError if it cannot be read."""
    path = folder / FILE_NAMES[kind]
    return Record.read(path) if path.exists() else None


def is_finished(previous: Record | None, identity: str) -> bool:
    """Whether the same run has come to its end before."""
    return previous is not None and previous.identity == identity and previous.status in FINISHED


def failed_since(previous: Record | None, identity: str, folder: Path, since_ns: int) -> bool:
    """Whether the same run has failed after a moment, both by the clock of the folder's file system."""
    if previous is None or previous.identity != identity or previous.status != "failed":
        return False
    return (folder / FILE_NAMES[previous.kind]).stat().st_mtime_ns >= since_ns


def continues(previous: Record | None, record: Record) -> bool:
    """Whether an earlier attempt at the same run was cut; counts the attempts in `record.cuts`.

    Raises VoxnasError when it has been cut without a word (killed for memory, say) again and again at the
    same epoch: a sweep would never come past it.
    """
    if previous is None or previous.identity != record.identity:
        return False
    if previous.status not in ("running", "interrupted") or previous.schema_version != SCHEMA_VERSION:
        return False
    record.history = previous.history
    record.cuts = previous.cuts + 1 if previous.status == "running" and not _progressed(previous) else 0
    record.epochs_at_start = len(previous.history)
    if record.cuts >= MOST_CUTS:
        raise VoxnasError(
            f"killed {record.cuts} times in epoch {len(previous.history)}, perhaps for lack of memory; "
            "lower data.batch_size or leave this candidate out"
        )
    return True


def _progressed(previous: Record) -> bool:
    return len(previous.history) > previous.epochs_at_start


def set_aside(folder: Path, log_dir: Path) -> Path | None:
    """Move what an earlier, different run left to `<log_dir>/replaced/`, so that nothing is lost."""
    leftovers = [path for path in folder.iterdir() if not path.name.startswith(_KEPT_IN_PLACE)]
    if not leftovers:
        return None
    place = folder.relative_to(log_dir) if folder.is_relative_to(log_dir) else Path(folder.name)
    target = log_dir / "replaced" / f"{place}-{datetime.now():%Y-%m-%d_%H-%M-%S-%f}"
    target.mkdir(parents=True)
    for path in leftovers:
        shutil.move(path, target / path.name)
    return target
