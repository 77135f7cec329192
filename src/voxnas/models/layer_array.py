"""The shape of a WaveNet: its layer arrays as plain values, checked."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from voxnas.models.activations import ACTIVATIONS
from voxnas.utils.errors import InputError


@dataclass(frozen=True)
class LayerArray:
    """One stack of layers with the same channels. `kernel_sizes`, `activations` and `gated` are per layer."""

    channels: int
    dilations: Sequence[int]
    kernel_sizes: Sequence[int] = field(default_factory=list)
    activations: Sequence[str] = field(default_factory=list)
    gated: Sequence[bool] = field(default_factory=list)
    head_size: int = 1
    head_kernel_size: int = 1
    head_bias: bool = True

    @classmethod
    def of(
        cls,
        channels: int,
        dilations: Sequence[int],
        kernel_size: int | Sequence[int] = 3,
        activation: str | Sequence[str] = "Tanh",
        gated: bool | Sequence[bool] = False,
        head_size: int = 1,
        head_kernel_size: int = 1,
        head_bias: bool = True,
    ) -> "LayerArray":
        """Build one from single values or one value per layer; raises InputError on values that cannot be."""
        count = len(dilations)
        array = cls(
            channels=channels,
            dilations=list(dilations),
            kernel_sizes=_per_layer("kernel_size", kernel_size, count),
            activations=_per_layer("activation", activation, count),
            gated=_per_layer("gated", gated, count),
            head_size=head_size,
            head_kernel_size=head_kernel_size,
            head_bias=head_bias,
        )
        array._check()
        return array

    def _check(self) -> None:
        sizes = [self.channels, self.head_size, self.head_kernel_size, *self.dilations, *self.kernel_sizes]
        if not self.dilations or any(not isinstance(size, int) or size < 1 for size in sizes):
            raise InputError(
                f"WaveNet: channels, dilations and kernel sizes are whole numbers from 1, got {self}"
            )
        for name in self.activations:
            if name not in ACTIVATIONS:
                raise InputError(f"WaveNet: unknown activation {name!r}; one of {', '.join(ACTIVATIONS)}")


def _per_layer(what: str, value: Any, count: int) -> list[Any]:
    values = [value] * count if isinstance(value, str | int | bool) else list(value)
    if len(values) != count:
        raise InputError(f"WaveNet: {what} has {len(values)} entries for {count} layers")
    return values


def receptive_field(shapes: Sequence[LayerArray]) -> int:
    """In samples, along the longest way to the output: a head's taps lie beside the next array's layers."""
    path = head = 0
    for shape in shapes:
        path += sum((k - 1) * d for k, d in zip(shape.kernel_sizes, shape.dilations, strict=True))
        head = max(head, path) + shape.head_kernel_size - 1
    return 1 + head


def check_chain(shapes: Sequence[LayerArray]) -> None:
    """Raise InputError unless each array takes what the one before gives, and the last gives one signal."""
    if not shapes:
        raise InputError("WaveNet: needs at least one layer array")
    for before, after in pairwise(shapes):
        if after.channels != before.head_size:
            raise InputError(
                f"WaveNet: an array of {after.channels} channels follows one with head_size "
                f"{before.head_size}; the two must be equal"
            )
    if shapes[-1].head_size != 1:
        raise InputError(f"WaveNet: the last array's head_size is 1, got {shapes[-1].head_size}")


def as_arguments(shape: LayerArray) -> dict[str, Any]:
    """The arguments of `LayerArray.of` that make the same shape."""
    values = asdict(shape)
    for plural, single in (("kernel_sizes", "kernel_size"), ("activations", "activation")):
        values[single] = values.pop(plural)
    return values
