"""Training of strings without a trainer around it: what benchmarks vary, and nothing else."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.optim import Optimizer

from voxnas.models.strings.net import StringNet
from voxnas.problems.string.data.datamodule import StringDecay
from voxnas.problems.string.feedback import Feedback
from voxnas.problems.string.loop_fit import LoopFit
from voxnas.problems.string.losses import StringLoss
from voxnas.problems.string.module import StringModule
from voxnas.training.schedules import Cosine

Factory = Callable[[Iterable[Any]], Optimizer]


def train_string(
    network: StringNet,
    data: StringDecay,
    loss: str,
    feedback: Feedback,
    optimizer: Factory,
    steps: int,
    loop_fit: LoopFit | None = None,
) -> StringModule:
    """Train a network that follows the data for so many steps; one that blows up stays as it was before."""
    data.adapt(network)
    module = StringModule(network, data, StringLoss(**{loss: 1.0}), optimizer, Cosine(), feedback)
    if loop_fit is not None:
        loop_fit(network, data.parts()[0])
    made, schedule = optimizer(network.parameters()), Cosine(warmup_steps=min(50, steps // 10))
    bases = [group["lr"] for group in made.param_groups]
    batches: list[Any] = []
    for step in range(steps):
        batches = batches or list(data.train_dataloader())
        number, places, signs = batches.pop(0)
        for group, base in zip(made.param_groups, bases, strict=True):
            group["lr"] = base * schedule(step, step / steps)
        note = data.parts()[0][number]
        output, target = module.run_segments(note, places.numpy(), signs, feedback.at(step / steps))
        value = module.loss(output, target)
        if not torch.isfinite(value):
            continue
        made.zero_grad()
        value.backward()
        module.on_before_optimizer_step(made)
        made.step()
    return module
