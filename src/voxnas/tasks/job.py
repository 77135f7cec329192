"""Protocol of a job: claim, record, resume, ending. What is trained is one of the bodies beside this file."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from omegaconf import DictConfig

from voxnas.records.claim import Claim, ClaimLost
from voxnas.records.record import SCHEMA_VERSION, Record
from voxnas.records.run_folder import FINISHED, continues, failed_since, previous_record, set_aside
from voxnas.search.cost.base import CostUnknown
from voxnas.tasks.trainer import begin, make_callbacks, make_loggers
from voxnas.training.run import best_checkpoint, last_checkpoint
from voxnas.utils.app import root_cause
from voxnas.utils.clock import now
from voxnas.utils.errors import Unfit, storage_error
from voxnas.utils.files import write_text

log = logging.getLogger(__name__)


class NetworkError(Exception):
    """The network that a config asks for cannot be built."""


class Body(Protocol):
    """Body of one kind of job.

    Attributes:
        cfg: the job's config.
        kind: of its record.
        callbacks: the config's callbacks for it.
    """

    cfg: DictConfig
    kind: str
    callbacks: DictConfig

    def new_record(self) -> Record:
        """A record in the state "running" with all that is known of its surroundings. Raises InputError."""

    def describe(self, record: Record, previous: Record | None) -> str | None:
        """Fill in what is known before training, the identity too; return why it is rejected, if it is.

        Raises NetworkError, CostUnknown, and InputError for what no job of a sweep could do better.
        """

    def earlier_identity(self, record: Record) -> str:
        """The identity as records of the first edition have it."""

    def fit(self, record: Record, folder: Path, claim: Claim, resume: Path | None) -> None:
        """Train and test, from a checkpoint if one is given."""

    def measure(self, record: Record, folder: Path, claim: Claim) -> None:
        """Measure a finished run again, without training."""


def run_job(body: Body, folder: Path, claim: Claim, since_ns: int) -> tuple[Record, str]:
    """The job's record, and a note on how it came about.

    What is finished is found, what was cut goes on from its last epoch, what was done with other settings is
    moved away. `since_ns` is when the sweep began: what has failed since is not tried again.

    Raises InputError if the data cannot be used or nothing can be written, ClaimLost if another process took
    the folder over.
    """
    begin(body.cfg)
    record, previous = body.new_record(), previous_record(folder, body.kind)
    try:
        rejected = body.describe(record, previous)
    except (NetworkError, CostUnknown) as error:
        fail(record, error, folder)
        return _unfinished(body, record)
    if previous is not None and _is_same(body, previous, record) and previous.status in FINISHED:
        return _found(body, previous, folder, claim)
    if previous is not None and failed_since(previous, record.identity, folder, since_ns):
        return previous, "tried before in this sweep"
    if rejected is not None:
        set_aside(folder, Path(body.cfg.paths.log_dir))  # it may have been trained under other limits
        record.status, record.reason = "rejected", rejected
        record.write(folder)
        return _unfinished(body, record)
    resume = None
    with ending(record, folder, claim):
        resume = _prepare(folder, previous, record, Path(body.cfg.paths.log_dir))
        body.fit(record, folder, claim, resume)
    if record.status in ("failed", "rejected"):
        return _unfinished(body, record)
    return record, "resumed" if resume else ""


def _is_same(body: Body, previous: Record, record: Record) -> bool:
    """One of the first edition keeps its identity where it is written again: others go by it."""
    return previous.identity == record.identity or previous.identity == body.earlier_identity(record)


def _found(body: Body, previous: Record, folder: Path, claim: Claim) -> tuple[Record, str]:
    """Record of what was done before; its costs anew, where these were measured in another way."""
    callbacks = make_callbacks(body.callbacks) if previous.status == "ok" else []
    if all(callback.is_measured(previous) for callback in callbacks):
        return previous, "done before"
    if not best_checkpoint(folder).exists():
        log.warning("%s: measured in another way, and its weights are gone", previous.candidate)
        return previous, "done before"
    return _measured_again(body, previous, folder, claim)


def _measured_again(body: Body, previous: Record, folder: Path, claim: Claim) -> tuple[Record, str]:
    """A finished run with its new figures; where these cannot be had its record stays as it was."""
    try:
        body.measure(previous, folder, claim)
        claim.check()
        previous.schema_version = SCHEMA_VERSION
        previous.write(folder)
    except ClaimLost:
        raise
    except Exception as error:
        if full := storage_error(error, folder):
            raise full from error
        return replace(previous, status="failed", reason=f"measured again: {root_cause(error)}"), ""
    return previous, "measured again"


def _prepare(folder: Path, previous: Record | None, record: Record, log_dir: Path) -> Path | None:
    """Make the folder ready; return the checkpoint to go on from."""
    goes_on = continues(previous, record)
    resume = last_checkpoint(folder) if goes_on else None
    if resume is None:
        record.history = []
        is_cut_early = goes_on and not best_checkpoint(folder).exists()  # nothing worth keeping
        if previous is not None and not is_cut_early and (replaced := set_aside(folder, log_dir)):
            why = "other settings or data" if previous.identity != record.identity else previous.status
            log.info("%s: an earlier run (%s) was moved to %s", record.candidate, why, replaced)
    record.write(folder)
    return resume


def _unfinished(body: Body, record: Record) -> tuple[Record, str]:
    """Tell whoever keeps a table of trials of one that was not trained to the end."""
    with suppress(OSError):  # the record has been written; a full disk may be what failed
        loggers = make_loggers(body.cfg)
        for callback in make_callbacks(body.callbacks):
            callback.on_unfinished(record, loggers)
    return record, ""


@contextmanager
def ending(record: Record, folder: Path, claim: Claim) -> Iterator[None]:
    """However the work within ends, the record says so: ok, interrupted, rejected or failed.

    A failure goes no further. Raises KeyboardInterrupt; ClaimLost if another process took the folder over;
    StorageError where nothing can be written: the record says "running" then, and the same command goes on.
    """
    try:
        yield
        claim.check()
        record.status, record.finished = "ok", now()
        record.write(folder)
    except KeyboardInterrupt:
        with suppress(ClaimLost):
            claim.check()
            record.status, record.reason = "interrupted", "stopped by the user"
            record.write(folder)
        raise
    except ClaimLost:
        raise
    except Unfit as error:
        claim.check()
        record.status, record.reason, record.finished = "rejected", str(error), now()
        record.write(folder)
    except Exception as error:
        claim.check()
        if full := storage_error(error, folder):
            raise full from error
        fail(record, error, folder)


def fail(record: Record, error: Exception, folder: Path) -> None:
    """Record a failure with its one line, and the traceback beside it."""
    record.status, record.reason = "failed", root_cause(error)
    write_text(folder / "error.log", "".join(traceback.format_exception(error)))
    record.write(folder)
