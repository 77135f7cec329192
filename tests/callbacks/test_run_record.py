"""The record during training, and over an interruption."""

import lightning.pytorch as pl
import pytest
from lightning.pytorch.callbacks import ModelCheckpoint

from voxnas.callbacks.run_record import RunRecord
from voxnas.records.record import Record


def attached(record: Record, folder) -> RunRecord:
    callback = RunRecord()
    callback.attach(record, folder)
    return callback


def trainer(folder, *callbacks, max_epochs: int) -> pl.Trainer:
    last = ModelCheckpoint(dirpath=folder, filename="last", enable_version_counter=False)
    return pl.Trainer(
        max_epochs=max_epochs,
        accelerator="cpu",
        num_sanity_val_steps=0,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[*callbacks, last],
    )


class Watch(pl.Callback):
    """Reads the record from disk at the end of every epoch, and may pull the plug."""

    def __init__(self, folder, cut_in_epoch: int | None = None) -> None:
        self.folder, self.cut_in_epoch, self.seen = folder, cut_in_epoch, []

    def on_train_epoch_start(self, trainer, pl_module) -> None:
        if trainer.current_epoch > 0:
            self.seen.append(Record.read(self.folder))

    def on_train_batch_end(self, trainer, *_) -> None:
        if trainer.current_epoch == self.cut_in_epoch:
            raise RuntimeError("power cut")


def test_every_epoch_is_on_disk_before_the_next_begins(finished):
    watch = Watch(finished.folder)
    callback = attached(finished.record, finished.folder)
    trainer(finished.folder, callback, watch, max_epochs=4).fit(finished.module, finished.data)
    assert [len(record.history) for record in watch.seen] == [1, 2, 3]
    record = Record.read(finished.folder)
    assert [epoch["epoch"] for epoch in record.history] == [0, 1, 2, 3]
    assert all(epoch["train_loss"] > 0 and epoch["seconds"] > 0 for epoch in record.history)
    assert record.train_seconds == pytest.approx(sum(epoch["seconds"] for epoch in record.history))


def test_the_best_epoch_is_that_of_the_lowest_validation_esr(finished):
    esrs, losses = [0.5, 0.2, 0.3], [9.0, 8.0, 7.0]
    finished.record.history = [
        {"epoch": i, "score": esr, "train_loss": loss, "seconds": 2.0}
        for i, (esr, loss) in enumerate(zip(esrs, losses, strict=True))
    ]
    finished.record.summarise()
    record = finished.record
    assert (record.score, record.best_epoch, record.best_train_loss) == (0.2, 1, 7.0)
    assert (record.epochs, record.train_seconds) == (3, 6.0)


def test_the_history_survives_a_cut(finished, recording, tmp_path):
    watch = Watch(finished.folder, cut_in_epoch=2)
    callback = attached(finished.record, finished.folder)
    with pytest.raises(RuntimeError, match="power cut"):
        trainer(finished.folder, callback, watch, max_epochs=4).fit(finished.module, finished.data)
    before = Record.read(finished.folder).history
    assert len(before) == 2

    record = Record("amp", "s", "phase1", "running", "x")
    again = trainer(finished.folder, attached(record, finished.folder), max_epochs=4)
    again.fit(finished.module, finished.data, ckpt_path=finished.folder / "last.ckpt", weights_only=True)
    assert [epoch["epoch"] for epoch in record.history] == [0, 1, 2, 3]
    assert [e["score"] for e in record.history[:2]] == [e["score"] for e in before]
    assert record.history[0] == before[0]
    assert record.epochs == 4


def test_a_run_that_was_cut_after_its_last_epoch_has_its_figures_at_the_end(finished):
    record = finished.record
    record.score = None
    record.history = [{"epoch": 0, "score": 0.3, "train_loss": 0.4, "seconds": 1.0}]
    finished.trainer.callback_metrics = {"test/esr": 0.2, "test/mrstft": 0.1}
    finished.end_with(RunRecord())
    assert (record.score, record.best_epoch, record.train_seconds) == (0.3, 0, 1.0)
