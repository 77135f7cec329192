"""Space of all WaveNets that the Neural Amp Modeler plug-in can load and that train in native code."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from voxnas.kernels.activations import TRAINED
from voxnas.search.spaces.architecture import overrides, wavenet
from voxnas.search.spaces.array_draft import ArrayDraft, layer_arrays, parameters, reach, within
from voxnas.search.spaces.base import Chooser
from voxnas.search.spaces.designs import starts_of
from voxnas.search.spaces.patterns import ORDERS, PATTERNS, Pattern, choose_pattern, dilations_of
from voxnas.search.spaces.ranges import (
    HEAD_KERNEL_SIZES,
    KERNEL_SIZES,
    MOST_ARRAYS,
    MOST_CHANNELS,
    MOST_LAYERS,
    WIDTHS,
    checked_options,
    checked_range,
)
from voxnas.utils.errors import InputError


class PluginSpace:
    """WaveNets of one or more layer arrays, whose channels are chained as the plug-in wants them.

    Pairs of numbers are the lowest and the highest, both included. Channels, layers and kernel sizes are
    drawn on a logarithmic scale: small networks are as likely as large ones. A proposal beyond a limit gives
    way to it, an array at a time, the one that adds most: for the receptive field its dilations start again
    earlier, for the parameters it gets narrower, then either has fewer layers and smaller kernels.

    Args:
        arrays: how many layer arrays.
        channels: of each array, 1 to 32.
        widths: to choose from, for each array after the first: its channels are "free", or the "same" as
            before it, "three-quarters" or "half".
        layers: of each array.
        kernel_size: of each array, 2 to 16.
        kernel_per_layer: one for each layer instead.
        dilations: patterns to choose from: "powers" of 2, 3 or 4; "repeated", such that start again after a
            number of layers; "spread", without a common factor, which may start again too; "continued", of a
            second or third array, which begins where the one before it ends.
        orders: to choose from: "ascending", "descending", which is the same from the last to the first.
        activations: to choose from, for each array.
        gated: to choose from, for each array: false, true.
        head_kernel_sizes: to choose from, for each array.
        max_receptive_field: in samples.
        max_parameters: numbers that the network learns.
        head_scale: the output's factor.
        designs: by name, each as the arguments of `designs.choices_of`.
        starts: the names of those that an evolution begins with, in its order; None for all.

    Raises:
        InputError: a range that cannot be, an unknown name, a design that no choices lead to, limits that not
            even the smallest can keep.
    """

    def __init__(
        self,
        arrays: Sequence[int] = (1, MOST_ARRAYS),
        channels: Sequence[int] = (1, MOST_CHANNELS),
        widths: Sequence[str] = tuple(WIDTHS),
        layers: Sequence[int] = (1, 24),
        kernel_size: Sequence[int] = KERNEL_SIZES,
        kernel_per_layer: bool = False,
        dilations: Sequence[str] = PATTERNS,
        orders: Sequence[str] = ORDERS,
        activations: Sequence[str] = TRAINED,
        gated: Sequence[bool] = (False, True),
        head_kernel_sizes: Sequence[int] = (1, 2, 4, 8, 16),
        max_receptive_field: int = 8192,
        max_parameters: int = 50_000,
        head_scale: float = 0.02,
        designs: Mapping[str, Mapping[str, Any]] | None = None,
        starts: Sequence[str] | None = None,
    ) -> None:
        self.arrays = checked_range("arrays", arrays, 1, MOST_ARRAYS)
        self.channels = checked_range("channels", channels, 1, MOST_CHANNELS)
        self.widths = checked_options("widths", widths, tuple(WIDTHS))
        self.layers = checked_range("layers", layers, 1, MOST_LAYERS)
        self.kernel_size = checked_range("kernel_size", kernel_size, *KERNEL_SIZES)
        self.kernel_per_layer, self.head_scale = bool(kernel_per_layer), float(head_scale)
        self.dilations = checked_options("dilations", dilations, PATTERNS)
        if self.dilations == ("continued",):
            raise InputError("space: dilations=['continued']: the first array has nothing to continue")
        self.orders = checked_options("orders", orders, ORDERS)
        self.activations = checked_options("activations", activations, TRAINED)
        self.gated = checked_options("gated", gated, (False, True))
        self.head_kernel_sizes = checked_options("head_kernel_sizes", head_kernel_sizes, HEAD_KERNEL_SIZES)
        self.max_receptive_field, self.max_parameters = max_receptive_field, max_parameters
        self.starts = starts_of(designs or {}, starts)
        self._check_limits()

    def propose(self, choose: Chooser) -> list[str]:
        """One candidate, as `model=architecture` and what its architecture is."""
        return overrides(self.architecture(choose))

    def architecture(self, choose: Chooser) -> dict[str, Any]:
        """One candidate as `voxnas.models.build` takes it; the same network has the same name."""
        count = choose.integer("arrays", *self.arrays)
        drafts: list[ArrayDraft] = []
        for number in range(1, count + 1):
            drafts.append(self._draft(choose, f"array{number}", drafts[-1] if drafts else None))
        return wavenet(layer_arrays(self._within_limits(drafts)), self.head_scale)

    @property
    def size(self) -> int:
        """Upper bound of the number of candidates: without the limits, which make some of them alike."""
        options = len(self.activations) * len(self.gated) * len(self.head_kernel_sizes)
        channels = self.channels[1] - self.channels[0] + 1
        kernels = self.kernel_size[1] - self.kernel_size[0] + 1
        layers = range(self.layers[0], self.layers[1] + 1)
        stacks = sum(
            kernels ** (count if self.kernel_per_layer else 1)
            * len(dilations_of(count, self.dilations, self.orders))
            for count in layers
        )
        array: int = options * channels * stacks
        return sum(array**count for count in range(self.arrays[0], self.arrays[1] + 1))

    def _draft(self, choose: Chooser, at: str, before: ArrayDraft | None) -> ArrayDraft:
        channels = self._channels(choose, at, before)
        layers = choose.integer(f"{at}.layers", *self.layers, log=True)
        following = None if before is None else before.following
        return ArrayDraft(
            channels,
            self._kernel_sizes(choose, at, layers),
            choose_pattern(choose, at, layers, self.dilations, self.orders, following),
            activation=choose.choice(f"{at}.activation", self.activations),
            gated=choose.choice(f"{at}.gated", self.gated),
            head_kernel_size=choose.choice(f"{at}.head_kernel_size", self.head_kernel_sizes),
        )

    def _channels(self, choose: Chooser, at: str, before: ArrayDraft | None) -> int:
        width = "free" if before is None else choose.choice(f"{at}.width", self.widths)
        if before is None or width == "free":
            return choose.integer(f"{at}.channels", *self.channels, log=True)
        return max(self.channels[0], math.ceil(WIDTHS[width] * before.channels))

    def _kernel_sizes(self, choose: Chooser, at: str, layers: int) -> tuple[int, ...]:
        if not self.kernel_per_layer:
            return (choose.integer(f"{at}.kernel_size", *self.kernel_size, log=True),) * layers
        names = (f"{at}.layer{number}.kernel_size" for number in range(1, layers + 1))
        return tuple(choose.integer(name, *self.kernel_size, log=True) for name in names)

    def _within_limits(self, drafts: Sequence[ArrayDraft]) -> list[ArrayDraft]:
        drafts = within(drafts, self.max_receptive_field, reach, lambda d: d.span, self._nearer)
        return within(drafts, self.max_parameters, parameters, lambda d: d.layer_weights, self._smaller)

    def _nearer(self, draft: ArrayDraft) -> ArrayDraft | None:
        return draft.with_shorter_cycle() or self._shorter(draft)

    def _smaller(self, draft: ArrayDraft) -> ArrayDraft | None:
        return draft.narrower(self.channels[0]) or self._shorter(draft)

    def _shorter(self, draft: ArrayDraft) -> ArrayDraft | None:
        return draft.with_fewer_layers(self.layers[0]) or draft.with_smaller_kernels(self.kernel_size[0])

    def _check_limits(self) -> None:
        """Raise InputError unless the smallest network of the most arrays keeps the limits."""
        activation = "PReLU" if "PReLU" in self.activations else self.activations[0]
        kernel_sizes = (self.kernel_size[0],) * self.layers[0]
        head = max(self.head_kernel_sizes)
        array = ArrayDraft(self.channels[0], kernel_sizes, Pattern(), activation, max(self.gated), head)
        arrays = [array] * self.arrays[1]
        for what, limit, least in (
            ("max_receptive_field", self.max_receptive_field, reach(arrays)),
            ("max_parameters", self.max_parameters, parameters(arrays)),
        ):
            if limit < least:
                raise InputError(f"space: {what}={limit} is too low: the other settings need {least}")
