"""What networks of images cost on this CPU: the meter of limits, and the callback of finished networks."""

import copy
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch

from voxnas.models.build import build
from voxnas.records.identity import cpu_model, identity
from voxnas.records.record import Record, measured
from voxnas.search.cost.base import Cost, CostUnknown
from voxnas.search.cost.cache import cached
from voxnas.training.callback import JobCallback
from voxnas.training.run import best_checkpoint, load_checkpoint
from voxnas.utils.errors import InputError

METHOD = 1  # of measuring: figures of another are measured again
ROUNDS, ROUND_S = 9, 0.02
OVERLAP = 2  # images in the time that one of them shows
FIGURES = ("us_per_image", "cpu_rtf")


class ImageMeter:
    """Tells the CPU time of one image on one thread, and of the images in a second of sound.

    Images follow each other by half of what each shows. What was measured on a machine once is known there.
    """

    figure = "us_per_image"
    figures = FIGURES
    measures = True
    budget_name = "CPU budget"

    def cost(self, network: Any, shape: Mapping[str, Any], known: Mapping[str, Any] | None = None) -> Cost:
        """The network's cost; `shape` has `image_seconds`."""
        conditions = {"cpu_model": cpu_model(), "method": METHOD, "torch": torch.__version__}
        if known and {name: known.get(name) for name in conditions} == conditions:
            return _told(float(known["us_per_image"]), conditions, shape)
        nameless = {k: v for k, v in network.architecture().items() if k != "name"}
        key = identity({**conditions, "architecture": nameless})
        return _told(cached(f"image-{key}", lambda: us_per_image(network)), conditions, shape)

    def again(self, run: Path) -> float:
        """Microseconds per image of a finished run's network, measured now. Raises CostUnknown."""
        try:
            known = load_checkpoint(best_checkpoint(run))["voxnas"]
            return us_per_image(build(known["architecture"]))
        except (InputError, KeyError) as error:
            raise CostUnknown(str(error)) from error

    def budget(self, limits: Mapping[str, object], shape: Mapping[str, Any]) -> float:
        """The budget in microseconds per image, from `max_us_per_image` or `max_cpu_rtf`."""
        given = {n: v for n, v in limits.items() if v is not None and n.removeprefix("max_") in FIGURES}
        if len(given) != 1:
            raise InputError("give the budget as limits.max_us_per_image=200 or as limits.max_cpu_rtf=0.001")
        ((name, value),) = given.items()
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            raise InputError(f"{name}={value}: give a number above 0")
        return float(value) if name == "max_us_per_image" else value / _per_us(shape)

    def describe(self, value: float, shape: Mapping[str, Any]) -> str:
        """A cost in words."""
        return f"{value:.0f} µs per image ({value * _per_us(shape):.2g} of real time)"


class ImageBenchmark(JobCallback):
    """Measures a finished network's CPU time per image, and per second of sound."""

    def is_measured(self, record: Record) -> bool:
        return record.cost.get("us_per_image", {}).get("method") == METHOD

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        us = us_per_image(pl_module.network)
        values = {"us_per_image": us, "cpu_rtf": us * _per_us(self.record.shape)}
        self.record.cost |= measured(values, engine="torch", method=METHOD)


def us_per_image(network: Any) -> float:
    """Microseconds of one image at a time on one thread, the median of a round; the fastest of some rounds.

    Of the network as it would be used: frozen, its normalisations within its convolutions.
    """
    reads, threads = network.reads, torch.get_num_threads()
    alone = copy.deepcopy(network).cpu().eval()
    given = torch.rand(1, reads.channels, reads.height, reads.width), torch.zeros(1, 2)
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            play = torch.jit.freeze(torch.jit.trace(alone, given, check_trace=False))
            for _ in range(10):
                play(*given)
            return 1e6 * min(_median_s(play, given) for _ in range(ROUNDS))
    finally:
        torch.set_num_threads(threads)


def _median_s(play: Any, given: tuple[torch.Tensor, torch.Tensor]) -> float:
    times, end = [], time.perf_counter() + ROUND_S
    while time.perf_counter() < end:
        start = time.perf_counter()
        play(*given)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _per_us(shape: Mapping[str, Any]) -> float:
    """Share of real time that a microsecond per image is."""
    return OVERLAP / (1e6 * float(shape.get("image_seconds") or 1.0))


def _told(us: float, conditions: Mapping[str, Any], shape: Mapping[str, Any]) -> Cost:
    rtf = us * _per_us(shape)
    said = {"us_per_image": f"{us:.0f} µs per image", "cpu_rtf": f"{rtf:.2g} of real time"}
    return Cost("us_per_image", us, conditions, {"cpu_rtf": rtf}, said)
