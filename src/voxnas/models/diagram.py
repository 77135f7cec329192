"""Layers of a network in the order in which they compute, as the network itself runs them."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from voxnas.models.base import Network, StreamingNetwork

SAMPLES = 64  # of an example's output


@dataclass(frozen=True)
class Layer:
    """One layer as it ran.

    Args:
        place: its name within the network.
        kind: its class.
        says: what else it says of itself.
        given, made: shapes of what goes in and comes out, without the batch.
        parameters: its own trainable numbers.
    """

    place: str
    kind: str
    says: str
    given: tuple[int, ...]
    made: tuple[int, ...]
    parameters: int

    @property
    def text(self) -> str:
        """One line."""
        shapes = f"{'×'.join(map(str, self.given))} → {'×'.join(map(str, self.made))}"
        return f"{self.place:<28} {self.kind:<24} {shapes:<26} {self.parameters:>8,d}"


def layers_of(network: Network) -> list[Layer]:
    """Layers that ran on an example: the innermost ones, and parts with parameters of their own."""
    found: list[Layer] = []
    example = example_of(network)  # which may give it its shape
    with torch.no_grad(), _watched(network, found):
        network(*example)
    known = sum(layer.parameters for layer in found)
    if rest := network.num_parameters - known:  # of parts that compute without being called
        found.append(
            Layer("", type(network).__name__, network.extra_repr() or "computes by itself", (), (), rest)
        )
    return found


def example_of(network: Any) -> tuple[Tensor, ...]:
    """An input of a network."""
    if isinstance(network, StreamingNetwork):
        return (torch.zeros(1, 1, network.receptive_field + SAMPLES - 1),)
    given: tuple[Tensor, ...] = network.example()
    return given


@contextlib.contextmanager
def _watched(network: nn.Module, found: list[Layer]) -> Iterator[None]:
    seen: set[int] = set()

    def note(place: str, module: nn.Module) -> Any:
        own = sum(p.numel() for p in module.parameters(recurse=not _has_calls(module)))

        def hook(_: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            is_new = id(module) not in seen
            seen.add(id(module))
            shapes = _shape(inputs), _shape(output)
            found.append(
                Layer(place, type(module).__name__, module.extra_repr(), *shapes, own if is_new else 0)
            )

        return hook

    handles = [
        module.register_forward_hook(note(place, module))
        for place, module in network.named_modules()
        if place
        and (not _has_calls(module) or any(True for _ in module.parameters(recurse=False)))
        and not _within_opaque(network, place)
    ]
    training, fast = network.training, torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # it goes past the hooks
    network.eval()
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        network.train(training)
        for handle in handles:
            handle.remove()


OPAQUE = (nn.MultiheadAttention,)  # whose parts compute without being called


def _has_calls(module: nn.Module) -> bool:
    return any(True for _ in module.children()) and not isinstance(module, OPAQUE)


def _within_opaque(network: nn.Module, place: str) -> bool:
    parts = place.split(".")
    above = (".".join(parts[:i]) for i in range(1, len(parts)))
    return any(isinstance(network.get_submodule(name), OPAQUE) for name in above)


def _shape(value: Any) -> tuple[int, ...]:
    if isinstance(value, Tensor):
        return tuple(value.shape[1:])
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return _shape(value[0])
    return ()
