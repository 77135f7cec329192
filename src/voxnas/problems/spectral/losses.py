"""Losses of knobs: distributions over the steps of each grid, or values between 0 and 1."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from voxnas.problems.spectral.networks.reading import STEPS, VALUE
from voxnas.problems.spectral.vimh.knobs import Knob
from voxnas.utils.errors import InputError

ON_STEPS = ("soft", "bell", "cross_entropy", "weighted", "ordinal")
ON_VALUES = ("mse", "l1", "huber")
CROSS_ENTROPY_SHARE = 0.1  # of an ordinal loss


class KnobLoss(nn.Module):
    """Sum over knobs of a loss of each, on targets that are shares of the range, 0 to 1.

    On steps: "soft", cross-entropy with the two steps that a knob stands between, by how near it is to each,
    whose mean is its place; "bell", with a normal distribution about it (Imani and White, "Improving
    regression performance with distributional losses", ICML 2018), which is off at the ends of few steps;
    "cross_entropy" with the nearest step; "weighted", that and a penalty on probability far off,
    Σ p·(1 + d²); "ordinal", the distance of the mean from the target, and a tenth of the cross-entropy. On
    values: "mse", "l1", "huber".

    Args:
        kind: one of these.
        width: of the bell in steps.
        knob_weights: name → weight; 1 for those not named.
    """

    def __init__(
        self, kind: str = "soft", width: float = 0.75, knob_weights: Mapping[str, float] | None = None
    ) -> None:
        super().__init__()
        if kind not in (*ON_STEPS, *ON_VALUES):
            raise InputError(f"training.loss.kind={kind}: one of {', '.join((*ON_STEPS, *ON_VALUES))}")
        if width <= 0:
            raise InputError(f"training.loss.width={width}: give a number above 0")
        self.kind, self.width, self.knob_weights = kind, width, dict(knob_weights or {})
        self.knobs: tuple[Knob, ...] = ()

    @property
    def heads(self) -> str:
        """The kind of heads that it is of."""
        return STEPS if self.kind in ON_STEPS else VALUE

    def follow(self, knobs: Sequence[Knob]) -> None:
        """Take the knobs of the data. InputError where a weight is of none of them."""
        if unknown := sorted(set(self.knob_weights) - {knob.name for knob in knobs}):
            there = ", ".join(knob.name for knob in knobs)
            raise InputError(f"training.loss.knob_weights.{unknown[0]}: no such knob; there are {there}")
        self.knobs = tuple(knobs)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Outputs `(b, sum of heads)` and shares `(b, knobs)` to a scalar."""
        losses = []
        for i, (knob, part) in enumerate(zip(self.knobs, split(output, self.knobs, self.heads), strict=True)):
            losses.append(self.knob_weights.get(knob.name, 1.0) * self._one(part, target[:, i], knob))
        return torch.stack(losses).sum() / sum(self.knob_weights.get(knob.name, 1.0) for knob in self.knobs)

    def _one(self, output: Tensor, target: Tensor, knob: Knob) -> Tensor:
        if self.kind in ON_VALUES:
            value = torch.sigmoid(output[:, 0])
            how: dict[str, Any] = {"mse": nn.functional.mse_loss, "l1": nn.functional.l1_loss}
            return how.get(self.kind, nn.functional.smooth_l1_loss)(value, target)
        steps = target * (knob.span / knob.step)  # where it stands, in steps
        places = torch.arange(knob.classes, device=output.device, dtype=output.dtype)
        nearest = steps.round().long().clamp(0, knob.classes - 1)
        if self.kind == "soft":
            near = (1 - (places - steps[:, None].clamp(0, knob.classes - 1)).abs()).clamp(min=0)
            return nn.functional.cross_entropy(output, near)
        if self.kind == "bell":
            bell = torch.softmax(-((places - steps[:, None]) ** 2) / (2 * self.width**2), dim=1)
            return nn.functional.cross_entropy(output, bell)
        loss = nn.functional.cross_entropy(output, nearest)
        if self.kind == "cross_entropy":
            return loss
        shares = torch.softmax(output, dim=1)
        if self.kind == "ordinal":
            distance = ((shares * places).sum(dim=1) - steps).abs().mean()
            return distance / max(1, knob.classes - 1) + CROSS_ENTROPY_SHARE * loss
        far = (places - steps[:, None]) ** 2
        wrong = places != nearest[:, None]
        return loss + (shares * (1 + far) * wrong).sum(dim=1).mean() / knob.classes


def split(output: Tensor, knobs: Sequence[Knob], heads: str) -> tuple[Tensor, ...]:
    """Outputs of each knob's head, `(b, classes)` or `(b, 1)`."""
    sizes = [knob.classes if heads == STEPS else 1 for knob in knobs]
    if sum(sizes) != output.shape[1]:
        raise InputError(
            f"the network has {output.shape[1]} outputs, the loss wants {sum(sizes)}: "
            f"a loss of {heads} needs model.heads={heads}"
        )
    return torch.split(output, sizes, dim=1)


def estimates(output: Tensor, knobs: Sequence[Knob], heads: str) -> tuple[Tensor, Tensor]:
    """Where the knobs stand as shares of their ranges, and how unsure that is, `(b, knobs)` each.

    Of steps the mean and the standard deviation of their distribution; of values themselves, and NaN.
    """
    means, deviations = [], []
    for knob, part in zip(knobs, split(output, knobs, heads), strict=True):
        if heads == VALUE:
            means.append(torch.sigmoid(part[:, 0]))
            deviations.append(torch.full_like(part[:, 0], float("nan")))
            continue
        places = torch.arange(knob.classes, device=part.device, dtype=part.dtype) * (knob.step / knob.span)
        shares = torch.softmax(part, dim=1)
        mean = (shares * places).sum(dim=1)
        means.append(mean.clamp(0, 1))
        deviations.append((shares * (places - mean[:, None]) ** 2).sum(dim=1).sqrt())
    return torch.stack(means, dim=1), torch.stack(deviations, dim=1)
