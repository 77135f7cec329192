"""The template's plain CNNs of knobs, by its own recipe: a peer of `spectral.py`."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from voxnas.problems.spectral.data import VimhData
from voxnas.problems.spectral.losses import KnobLoss, estimates

PEER_WIDTHS = {"micro": (8, 16, 32), "tiny": (16, 32, 64)}  # channels of plain blocks with pooling between


def told_by_peer(widths: Sequence[int], folder: Path, epochs: int, where: Path) -> dict[str, Any]:
    """Figures of a CNN of these widths trained on a set's images, without their scales.

    They are kept in the file `where`, and read there the next time.
    """
    if not where.is_file():
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(json.dumps(_trained(widths, VimhData(str(folder), batch_size=64), epochs)))
    figures: dict[str, Any] = json.loads(where.read_text())
    return figures


def _trained(widths: Sequence[int], data: VimhData, epochs: int) -> dict[str, Any]:
    torch.manual_seed(0)
    network = peer_network(widths, data)
    loss = KnobLoss("cross_entropy")
    loss.follow(data.knobs)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    start = time.perf_counter()
    for epoch in range(epochs):
        loader = data.train_dataloader()
        loader.sampler.set_epoch(epoch)  # type: ignore[union-attr]
        network.train()
        for (images, _), target in loader:
            optimizer.zero_grad()
            loss(network(images), target).backward()
            optimizer.step()
    seconds = time.perf_counter() - start
    return {**_figures(network, data), "seconds": seconds}


def _figures(network: nn.Module, data: VimhData) -> dict[str, Any]:
    """Weights, the mean error, and each knob's with the share of test images within a step."""
    with torch.inference_mode():
        network.eval()
        told = [
            (estimates(network(images), data.knobs, "steps")[0] - target).abs()
            for (images, _), target in data.test_dataloader()
        ]
    errors, names = torch.cat(told), [knob.name for knob in data.knobs]
    steps = torch.tensor([knob.step / knob.span for knob in data.knobs])
    within = (errors <= steps * 1.000001).float().mean(dim=0)
    return {
        "weights": sum(p.numel() for p in network.parameters()),
        "mae": float(errors.mean()),
        "errors": dict(zip(names, errors.mean(dim=0).tolist(), strict=True)),
        "within": dict(zip(names, within.tolist(), strict=True)),
    }


def peer_network(widths: Sequence[int], data: VimhData) -> nn.Module:
    """Blocks of convolution, normalisation, ReLU and pooling, a mean over the image, and the heads."""
    before = data.opened.metadata.size[2]
    layers: list[nn.Module] = []
    for width in widths:
        layers += [nn.Conv2d(before, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
        before = width
    outputs = sum(knob.classes for knob in data.knobs)
    layers += [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * before, before), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(before, outputs))
