"""Stops a run that has lost its folder to another process."""

from typing import Any

import lightning.pytorch as pl

from voxnas.records.claim import Claim


class KeepClaim(pl.Callback):
    """Asks before each step and before whatever is written; goes first among the callbacks.

    A machine that slept for longer than its claims last finds, when it wakes, that another one trains its
    candidate. It raises ClaimLost then, and the other one's files stay as they are.
    """

    def __init__(self, claim: Claim) -> None:
        self.claim = claim

    def _check(self, *_: Any, **__: Any) -> None:
        self.claim.check()

    on_train_batch_start = on_validation_batch_start = on_test_batch_start = _check
    on_validation_end = on_train_epoch_end = on_test_end = on_save_checkpoint = _check
