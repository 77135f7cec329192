"""Hooks of a LightningModule that take less of a short step."""

import gc
from typing import Any

import lightning.pytorch as pl


class QuickHooks(pl.LightningModule):
    """A LightningModule whose hooks take less of a short step.

    Lightning notes the name of the hook at work some forty times a step; it is set without a search for
    parameters in it. What is there before a fit lives on until after it: the garbage collector, which takes a
    quarter of a second to look at all that has been imported, looks at what comes later only.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_current_fx_name":
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)

    def on_fit_start(self) -> None:
        gc.freeze()

    def on_fit_end(self) -> None:
        gc.unfreeze()
