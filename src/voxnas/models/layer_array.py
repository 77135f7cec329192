"""The shape of a WaveNet: its layer arrays as plain values, checked."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from voxnas.models.activations import Spec, check_activation
from voxnas.utils.errors import InputError

GATING = ("none", "gated", "blended")


@dataclass(frozen=True)
class LayerArray:
    """Shape of a stack of layers with the same channels; `of` makes one and explains the fields."""

    channels: int
    dilations: Sequence[int]
    kernel_sizes: Sequence[int]
    activations: Sequence[Spec]
    gating: Sequence[str]
    secondary_activations: Sequence[Spec]
    bottleneck: int
    groups_input: int
    layer1x1: bool
    layer1x1_groups: int
    head1x1_channels: int | None
    head1x1_groups: int
    head_size: int
    head_kernel_size: int
    head_bias: bool
    head_dilation: int = 1

    @classmethod
    def of(
        cls,
        channels: int,
        dilations: Sequence[int],
        kernel_size: int | Sequence[int] = 3,
        activation: Spec | Sequence[Spec] = "Tanh",
        gating: str | Sequence[str] = "none",
        secondary_activation: Spec | Sequence[Spec] = "Sigmoid",
        bottleneck: int | None = None,
        groups_input: int = 1,
        layer1x1: bool = True,
        layer1x1_groups: int = 1,
        head1x1_channels: int | None = None,
        head1x1_groups: int = 1,
        head_size: int = 1,
        head_kernel_size: int = 1,
        head_bias: bool = True,
        head_dilation: int = 1,
    ) -> "LayerArray":
        """Build one; InputError on values that cannot be. What each layer has may be one value for all.

        Args:
            channels: of the residual path.
            dilations: in samples, one per layer.
            kernel_size: per layer.
            activation: per layer, a name or `{"type": name, parameter: value}`.
            gating: per layer: "none"; "gated", which multiplies with the secondary activation of as many
                channels again; "blended", where that chooses between the activation and what went into it.
            secondary_activation: per layer.
            bottleneck: the layers' inner channels; None for as many as `channels`.
            groups_input: of the layers' convolutions.
            layer1x1: whether layers add to the residual path at all.
            layer1x1_groups: of the 1×1 from the bottleneck to the residual path.
            head1x1_channels: of a 1×1 before the head's sum; None for none.
            head1x1_groups: its groups.
            head_size: the head's outputs, which are the next array's channels.
            head_kernel_size: of the head's convolution.
            head_bias: whether that has a bias.
            head_dilation: of that convolution, in samples.
        """
        count = len(dilations)
        array = cls(
            channels=channels,
            dilations=list(dilations),
            kernel_sizes=_per_layer("kernel_size", kernel_size, count),
            activations=[_checked(a) for a in _per_layer("activation", activation, count)],
            gating=_per_layer("gating", gating, count),
            secondary_activations=[
                _checked(a) for a in _per_layer("secondary_activation", secondary_activation, count)
            ],
            bottleneck=channels if bottleneck is None else bottleneck,
            groups_input=groups_input,
            layer1x1=layer1x1,
            layer1x1_groups=layer1x1_groups,
            head1x1_channels=head1x1_channels,
            head1x1_groups=head1x1_groups,
            head_size=head_size,
            head_kernel_size=head_kernel_size,
            head_bias=head_bias,
            head_dilation=head_dilation,
        )
        array._check()
        return array

    @property
    def gated(self) -> list[bool]:
        """Per layer, whether its convolution has a second half for the secondary activation."""
        return [gating != "none" for gating in self.gating]

    @property
    def head_width(self) -> int:
        """Channels of the head's sum."""
        return self.bottleneck if self.head1x1_channels is None else self.head1x1_channels

    def _check(self) -> None:
        sizes = [self.channels, self.bottleneck, self.head_width, self.head_size, self.head_kernel_size]
        sizes += [*self.dilations, *self.kernel_sizes, self.groups_input, self.layer1x1_groups]
        sizes += [self.head1x1_groups, self.head_dilation]
        if not self.dilations or any(type(size) is not int or size < 1 for size in sizes):
            raise InputError(
                f"WaveNet: channels, dilations and kernel sizes are whole numbers from 1, got {self}"
            )
        for gating in self.gating:
            if gating not in GATING:
                raise InputError(f"WaveNet: gating is one of {', '.join(GATING)}, got {gating!r}")
        for groups, of in (
            (self.groups_input, (self.channels, self.bottleneck)),
            (self.layer1x1_groups, (self.bottleneck, self.channels)),
            (self.head1x1_groups, (self.bottleneck, self.head_width)),
        ):
            if any(size % groups for size in of):
                raise InputError(f"WaveNet: {groups} groups do not divide {of[0]} into {of[1]} channels")


def _checked(spec: Any) -> Spec:
    try:
        return check_activation(spec)
    except InputError as error:
        raise InputError(f"WaveNet: {error}") from error


def _per_layer(what: str, value: Any, count: int) -> list[Any]:
    values = [value] * count if isinstance(value, str | int | Mapping) else list(value)
    if len(values) != count:
        raise InputError(f"WaveNet: {what} has {len(values)} entries for {count} layers")
    return values


def receptive_field(shapes: Sequence[LayerArray]) -> int:
    """Receptive field in samples, along the longest way: a head's taps lie beside the next array's layers."""
    path = head = 0
    for shape in shapes:
        for kernel_size, dilation in zip(shape.kernel_sizes, shape.dilations, strict=True):
            through = path + (kernel_size - 1) * dilation
            head = max(head, through)
            path = through if shape.layer1x1 else path
        head += (shape.head_kernel_size - 1) * shape.head_dilation
    return 1 + head


def check_chain(shapes: Sequence[LayerArray], outputs: int | None = 1) -> None:
    """Raise InputError unless each array takes what the one before gives, and the last gives `outputs`.

    None is for any number of them.
    """
    if not shapes:
        raise InputError("WaveNet: needs at least one layer array")
    for before, after in pairwise(shapes):
        for what, size in (("channels", after.channels), ("channels in its head's sum", after.head_width)):
            if size != before.head_size:
                raise InputError(
                    f"WaveNet: an array of {size} {what} follows one with head_size "
                    f"{before.head_size}; the two must be equal"
                )
    if outputs not in (None, shapes[-1].head_size):
        raise InputError(f"WaveNet: the last array's head_size is {outputs}, got {shapes[-1].head_size}")


_SINGULAR = {"kernel_sizes": "kernel_size", "activations": "activation"}
_SINGULAR |= {"secondary_activations": "secondary_activation"}


def as_arguments(shape: LayerArray) -> dict[str, Any]:
    """The arguments of `LayerArray.of` that make the same shape; a head's dilation only where it has one."""
    values = asdict(shape)
    if shape.head_dilation == 1:  # as in all files from before there was one
        del values["head_dilation"]
    return {_SINGULAR.get(key, key): value for key, value in values.items()}
