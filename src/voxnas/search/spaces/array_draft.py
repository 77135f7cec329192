"""A layer array as a space has chosen it, before it gives way to the space's limits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from voxnas.models.layer_array import LayerArray, receptive_field
from voxnas.search.spaces.patterns import Pattern


@dataclass(frozen=True)
class ArrayDraft:
    """A layer array with its choices made."""

    channels: int
    kernel_sizes: tuple[int, ...]  # one per layer
    pattern: Pattern  # of its dilations
    activation: str
    gated: bool
    head_kernel_size: int

    @property
    def dilations(self) -> list[int]:
        """Dilations in samples, one per layer."""
        return self.pattern.dilations(len(self.kernel_sizes))

    @property
    def following(self) -> Pattern:
        """The pattern of an array that continues this one."""
        return self.pattern.after(len(self.kernel_sizes))

    @property
    def span(self) -> int:
        """Samples that its layers look back."""
        return sum((k - 1) * d for k, d in zip(self.kernel_sizes, self.dilations, strict=True))

    @property
    def layer_weights(self) -> int:
        """Numbers that its layers learn."""
        width = 2 * self.channels if self.gated else self.channels
        slopes = self.channels if self.activation == "PReLU" else 0
        one = 2 * width + self.channels * (self.channels + 1) + slopes  # bias and condition, 1×1
        return len(self.kernel_sizes) * one + width * self.channels * sum(self.kernel_sizes)

    def arguments(self, head_size: int, is_last: bool) -> dict[str, Any]:
        """Arguments of `LayerArray.of` that make the array, in their shortest form."""
        uniform = len(set(self.kernel_sizes)) == 1
        return {
            "channels": self.channels,
            "dilations": self.dilations,
            "kernel_size": self.kernel_sizes[0] if uniform else list(self.kernel_sizes),
            "activation": self.activation,
            "gating": "gated" if self.gated else "none",
            "head_size": head_size,
            "head_kernel_size": self.head_kernel_size,
            "head_bias": is_last,
        }

    def narrower(self, least: int) -> "ArrayDraft | None":
        """The array with a tenth of its channels fewer, but at least `least`; None if it has no more."""
        channels = max(least, min(self.channels - 1, round(0.9 * self.channels)))
        return replace(self, channels=channels) if channels < self.channels else None

    def with_shorter_cycle(self) -> "ArrayDraft | None":
        """The array with dilations that start again a layer earlier; None if they are all 1."""
        pattern = self.pattern.shorter(len(self.kernel_sizes))
        return None if pattern is None else replace(self, pattern=pattern)

    def with_fewer_layers(self, least: int) -> "ArrayDraft | None":
        """The array without its last layer; None if it has no more than `least`."""
        shorter = self.kernel_sizes[:-1]
        return replace(self, kernel_sizes=shorter) if len(shorter) >= least else None

    def with_smaller_kernels(self, least: int) -> "ArrayDraft | None":
        """The array with kernels a tap smaller, but at least `least`; None if none is larger."""
        smaller = tuple(max(least, k - 1) for k in self.kernel_sizes)
        return replace(self, kernel_sizes=smaller) if smaller != self.kernel_sizes else None


def layer_arrays(drafts: Sequence[ArrayDraft]) -> list[dict[str, Any]]:
    """The arguments of each array, chained: its head has as many outputs as the next has channels."""
    heads = [*(draft.channels for draft in drafts[1:]), 1]
    last = len(drafts) - 1
    return [d.arguments(head, i == last) for i, (d, head) in enumerate(zip(drafts, heads, strict=True))]


def reach(drafts: Sequence[ArrayDraft]) -> int:
    """The receptive field in samples."""
    return receptive_field([LayerArray.of(**arguments) for arguments in layer_arrays(drafts)])


def parameters(drafts: Sequence[ArrayDraft]) -> int:
    """Numbers that the network learns."""
    between = sum(a.channels * b.channels for a, b in pairwise(drafts))  # into the next array
    heads = sum(a.channels * b.channels * a.head_kernel_size for a, b in pairwise(drafts))
    last = drafts[-1].channels * drafts[-1].head_kernel_size + 1
    return drafts[0].channels + between + heads + last + sum(draft.layer_weights for draft in drafts)


def within(
    drafts: Sequence[ArrayDraft],
    limit: int,
    size: Callable[[Sequence[ArrayDraft]], int],
    share: Callable[[ArrayDraft], int],
    give_way: Callable[[ArrayDraft], ArrayDraft | None],
) -> list[ArrayDraft]:
    """The drafts as they are when their size has come within the limit.

    Of those that still can, the one with the largest share gives way, a step at a time; where none can, the
    size stays what it is.
    """
    drafts = list(drafts)
    while size(drafts) > limit:
        for index in sorted(range(len(drafts)), key=lambda i: share(drafts[i]), reverse=True):
            if (smaller := give_way(drafts[index])) is not None:
                drafts[index] = smaller
                break
        else:
            break
    return drafts
