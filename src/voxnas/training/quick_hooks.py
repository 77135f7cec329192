"""Hooks that cost less per step."""

from typing import Any

import lightning.pytorch as pl


class QuickHooks(pl.LightningModule):
    """A LightningModule that notes the name of the hook at work without a search for parameters in it.

    Lightning sets that name some forty times a step, by way of `torch.nn.Module.__setattr__`.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_current_fx_name":
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)
