"""Train one candidate, unless that was done: build, hold to the limits, fit, test, measure, export."""

import logging
from contextlib import suppress
from functools import partial
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig

from voxnas.callbacks.hparams import log_trial
from voxnas.data.datamodule import PairDataModule
from voxnas.models.base import Network
from voxnas.records.claim import Claim
from voxnas.records.record import Record
from voxnas.records.run_folder import continues, failed_since, is_finished, previous_record, set_aside
from voxnas.search.constraints import Violation, violation
from voxnas.search.cost import CostUnknown
from voxnas.search.describe import (
    describe_cost,
    describe_data,
    describe_network,
    describe_search,
    identify,
    new_record,
)
from voxnas.search.sweepers.base import sweep_start_ns
from voxnas.tasks.job import begin, ending, fail, make_loggers, make_trainer
from voxnas.training.module import AmpModule
from voxnas.training.run import best_checkpoint, fit_and_test, last_checkpoint, load_checkpoint

log = logging.getLogger(__name__)


def train_candidate(cfg: DictConfig, folder: Path, claim: Claim) -> tuple[Record, str]:
    """The run's record, and a note on how it came about.

    Raises InputError if the data cannot be used or nothing can be written, ClaimLost if another process took
    the folder over.
    """
    begin(cfg)
    data: PairDataModule = instantiate(cfg.data)
    recipe = {part: instantiate(config) for part, config in cfg.training.items()}
    record, previous = new_record(cfg, data.sample_rate), previous_record(folder)
    try:
        network: Network = instantiate(cfg.model, _convert_="all")
    except Exception as error:
        return _unfinished(cfg, record, folder, error=error)
    try:
        broken = _describe(cfg, record, network, data, previous)
    except CostUnknown as error:
        return _unfinished(cfg, record, folder, error=error)
    if previous is not None and is_finished(previous, record.identity):
        return previous, "done before"
    if previous is not None and failed_since(previous, record.identity, folder, sweep_start_ns()):
        return previous, "tried before in this sweep"
    if broken is not None:
        set_aside(folder, Path(cfg.paths.log_dir))  # it may have been trained under other limits
        return _unfinished(cfg, record, folder, rejected=broken.reason)
    resume = None
    with ending(record, folder, claim):
        resume = _prepare(folder, previous, record, Path(cfg.paths.log_dir))
        module = AmpModule(network, sample_rate=data.sample_rate, **recipe)
        if cfg.init_from and resume is None:
            module.start_from(load_checkpoint(Path(cfg.init_from))["state_dict"])
        trainer = make_trainer(cfg, cfg.callbacks, record, folder, claim)
        fit_and_test(trainer, module, data, folder, resume)
    if record.status == "failed":
        return _unfinished(cfg, record, folder)
    return record, "resumed" if resume else ""


def _describe(
    cfg: DictConfig, record: Record, network: Network, data: PairDataModule, previous: Record | None
) -> Violation | None:
    """Fill the record with what is known before training; return the limit that the candidate breaks."""
    data.suit(network.receptive_field, network.segment_length, network.batch_size, network.delay_samples)
    describe_network(record, network, data.sample_rate)
    describe_search(record, cfg.get("genotype"))
    tell_cost = partial(describe_cost, record, network, instantiate(cfg.cost, _convert_="all"), previous)
    broken = violation(network, data.sample_rate, tell_cost, **cfg.constraints)
    if broken is None:
        describe_data(record, data.recording)
    record.identity = identify(cfg, record, None if broken is None else broken.limit)
    return broken


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


def _unfinished(
    cfg: DictConfig, record: Record, folder: Path, rejected: str = "", error: Exception | None = None
) -> tuple[Record, str]:
    """Write down why a candidate was not trained to the end; TensorBoard's table of trials has it too."""
    if rejected:
        record.status, record.reason = "rejected", rejected
        record.write(folder)
    if error is not None:
        fail(record, error, folder)
    with suppress(OSError):  # the record has been written; a full disk may be what failed
        log_trial(record, make_loggers(cfg))
    return record, ""
