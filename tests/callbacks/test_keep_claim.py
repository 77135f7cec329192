"""A run stops, and writes nothing more, when its folder belongs to another process."""

import lightning.pytorch as pl
import pytest

from voxnas.callbacks.keep_claim import KeepClaim
from voxnas.callbacks.run_record import RunRecord
from voxnas.records.claim import ClaimLost
from voxnas.training.checkpoint_io import WholeCheckpoints


class Lease:
    """A claim that is lost at its nth check."""

    def __init__(self, checks: int) -> None:
        self.left = checks

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise ClaimLost("amp: another process took over while this one was suspended")


@pytest.mark.parametrize("checks", [0, 1, 5, 6, 7, 8])
def test_whenever_it_is_lost_nothing_is_written_after(finished, checks):
    record = RunRecord()
    record.attach(finished.record, finished.folder)
    written = []
    finished.record.write = lambda folder: written.append(lease.left)
    lease = Lease(checks)
    trainer = pl.Trainer(
        max_epochs=3,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=finished.folder,
        plugins=[WholeCheckpoints()],
        callbacks=[KeepClaim(lease), record],
    )
    with pytest.raises(ClaimLost, match="took over"):
        trainer.fit(finished.module, finished.data)
    assert all(left >= 0 for left in written)
    assert list(finished.folder.rglob("*.ckpt")) == [] or checks > 5
