"""Networks whose controls scale what goes into their activations, and add to it."""

import copy
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

from voxnas.models.base import StreamingNetwork
from voxnas.models.control_mix import ControlMix
from voxnas.models.controls import Control, check_names, columns
from voxnas.models.conv import CausalConv
from voxnas.utils.errors import InputError

# What a layer is scaled by, and what is added: `(batch, rows, 1, 1)` each, or with one for each sample
Turned = tuple[Tensor | None, Tensor]
F = TypeVar("F", bound="FilmedNetwork")


class FilmedNetwork(StreamingNetwork):
    """Network whose layers end in an activation, and which follows controls in front of these.

    Attributes:
        conditioning: how: "mixin", where a setting adds to what goes into each activation; or "film", where
            it scales that as well (Perez et al., 2018, "FiLM"). A setting folds into the weights either way.
        ways: those that there are of it.
        control_mix, control_scale: by how much, for each channel in front of an activation, layer by layer.
    """

    conditioning: str
    ways: tuple[str, ...] = ("mixin", "film")
    control_mix: ControlMix | None
    control_scale: ControlMix | None

    @property
    @abstractmethod
    def turned_convolutions(self) -> list[list[CausalConv]]:
        """By layer, those whose sum goes into the activation; the first one's bias is the sum's."""

    def _changed(self) -> None:
        """The weights, or what controls do to them, are others now."""

    def condition(self, conditioning: str, controls: Sequence[Control]) -> None:
        """Follow these controls in this way; InputError if there is no such way."""
        if conditioning not in self.ways:
            kind, known = type(self).__name__, ", ".join(self.ways)
            raise InputError(f"{kind}: unknown conditioning {str(conditioning)[:40]!r}; one of {known}")
        self.conditioning = conditioning
        self.follow(controls)

    @property
    def _rows(self) -> list[int]:
        return [len(convolutions[0].weight) for convolutions in self.turned_convolutions]

    def follow(self, controls: Sequence[Control]) -> None:
        self.controls = tuple(controls)
        self.num_controls = sum(control.inputs for control in controls)
        rows, adds = sum(self._rows), bool(controls) and self.conditioning in ("mixin", "film")
        self.control_mix = ControlMix(rows, self.num_controls) if adds else None
        scales = adds and self.conditioning == "film"
        self.control_scale = ControlMix(rows, self.num_controls) if scales else None
        self._changed()

    def _fixed(self: F, setting: Mapping[str, Any]) -> tuple[F, Tensor, list[int]]:
        """A copy that follows the other controls alone; what was heard of these, `(1, k)`; their places."""
        check_names(self.controls, setting)
        self.unflatten()
        folded = copy.deepcopy(self)
        folded._changed()
        heard = torch.zeros(1, self.num_controls)
        gone: list[int] = []
        for control, places in columns(self.controls):
            if control.name in setting:
                heard[0, places] = torch.tensor(control.encode(setting[control.name]))
                gone += range(places.start, places.stop)
        folded.controls = tuple(control for control in self.controls if control.name not in setting)
        folded.num_controls -= len(gone)
        return folded, heard.to(next(self.parameters())), gone

    def fold(self: F, setting: Mapping[str, Any]) -> F:
        folded, heard, gone = self._fixed(setting)
        if self.control_mix is None:
            return folded
        with torch.no_grad():
            added = self.control_mix(heard)[0]
            scale = torch.ones_like(added)
            if self.control_scale is not None:
                scale = scale + self.control_scale(heard)[0]
            folded._work_in(scale, added)
            folded.control_mix = self.control_mix.without(gone)
            if self.control_scale is not None:
                folded.control_scale = self.control_scale.without(gone)
            if folded.control_mix is not None and folded.control_scale is not None:
                # What is left scales what is scaled already, and with it what was added.
                folded.control_scale.weight.div_(_not_zero(scale).view(-1, 1))
                folded.control_mix.weight.sub_(folded.control_scale.weight * added.view(-1, 1))
        return folded

    def _work_in(self, scale: Tensor, added: Tensor) -> None:
        """Scale what goes into the activations, row by row, and add to it."""
        rows = zip(self.turned_convolutions, scale.split(self._rows), added.split(self._rows), strict=True)
        for convolutions, factor, more in rows:
            for convolution in convolutions:
                convolution.weight.mul_(factor.view(-1, 1, 1))
            convolutions[0].bias.mul_(factor).add_(more)  # type: ignore[union-attr]

    def _turned(self, heard: Tensor) -> Iterator[Turned]:
        """By layer, what the controls make of that which goes into its activation."""
        assert self.control_mix is not None
        heard = heard if heard.ndim == 3 else heard.unsqueeze(-1)
        added = self.control_mix(heard).unsqueeze(2).split(self._rows, dim=1)
        if self.control_scale is None:
            return zip([None] * len(added), added, strict=True)
        scale = (1 + self.control_scale(heard)).unsqueeze(2).split(self._rows, dim=1)
        return zip(scale, added, strict=True)

    def _films(self) -> Sequence[Tensor | None]:
        """By layer, the weights `(2, rows, controls)` of a film in a program; None where there is none."""
        if self.control_mix is None:
            return [None] * len(self._rows)
        added = self.control_mix.weight
        scale = torch.zeros_like(added) if self.control_scale is None else self.control_scale.weight
        return torch.stack([scale, added]).split(self._rows, dim=1)

    def _followed(self) -> dict[str, Any]:
        """What the architecture says of the controls; nothing where there are none."""
        if not self.controls:
            return {}
        values = [control.as_values() for control in self.controls]
        return {"controls": values, "conditioning": self.conditioning}


def turn(z: Tensor, turned: Turned | None) -> Tensor:
    """What goes into an activation, as the controls have it."""
    if turned is None:
        return z
    scale, added = turned
    return (z if scale is None else z * scale) + added


def _not_zero(scale: Tensor) -> Tensor:
    """A row that a setting has silenced can be scaled no further; it stays all but silent."""
    return torch.where(scale.abs() < 1e-6, torch.full_like(scale, 1e-6), scale)
