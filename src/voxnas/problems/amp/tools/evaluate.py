"""Judgement of a model on a pair of recordings: every metric, over a section of it."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from rich.console import Console
from rich.table import Table

from voxnas.audio.pair import Pair, load_pair
from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.export.files import write_json
from voxnas.export.load import Model, load_model
from voxnas.problems.amp.metrics import all_metrics
from voxnas.utils.errors import InputError


def evaluate(
    model: str,
    input: str,
    target: str,
    submodel: int | None = None,
    channel: int | None = None,
    target_channel: int | None = None,
    resample: bool = False,
    delay: int | Literal["auto"] = "auto",
    sample_rate: int | None = None,
    section: str | None = None,
    engine: str = "auto",
    json: str | None = None,
    controls: Mapping[str, Any] | None = None,
) -> None:
    """Print how close a model comes to the amp.

    Args:
        model, submodel: see `load_model`.
        input, target, channel, target_channel, delay: see `load_pair`.
        resample: bring a pair of another rate to the model's.
        sample_rate: the model's, in Hz; None for its own, see `Model.rate`.
        section: START:STOP in seconds; None for the whole pair.
        engine: see `make_engine`.
        json: a file that gets the figures too.
        controls: where the model's knobs and switches stand; those that are left out are at rest.

    Raises:
        InputError: a model or a pair that cannot be read, rates that differ, a section outside the pair.
    """
    loaded = load_model(model, submodel)
    if controls:
        loaded = replace(loaded, network=loaded.network.fold(controls))
    rate = loaded.rate(sample_rate)
    pair = load_pair(
        input,
        target,
        channel=channel,
        target_channel=target_channel,
        sample_rate=rate if resample else None,
        delay=delay,
    )
    if pair.sample_rate != rate:
        raise InputError(f"{input}: has {pair.sample_rate} Hz, the model {rate} Hz; add resample=true")
    for finding in pair.findings:
        if finding.level in ("notice", "warning"):
            print(f"{finding.level}: {finding.message}")
    start, stop = _section(section, pair.sample_rate, len(pair.target))
    metrics = _metrics(loaded, pair, start, stop, engine)
    seconds = [start / pair.sample_rate, stop / pair.sample_rate]
    title = f"{loaded.path.name}, {seconds[0]:g} to {seconds[1]:g} s, delay {pair.delay_samples} samples"
    _show(metrics, title)
    if json:
        facts: dict[str, Any] = {
            "model": str(loaded.path),
            "input": input,
            "target": target,
            "section_s": seconds,
        }
        facts |= {"sample_rate": pair.sample_rate, "delay_samples": pair.delay_samples}
        finite = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
        print(f"wrote {write_json({**facts, **finite}, Path(json), indent=2)}")


def _metrics(model: Model, pair: Pair, start: int, stop: int, engine: str) -> dict[str, float]:
    first, late = max(0, start - model.network.receptive_field + 1), model.network.delay_samples
    heard = pair.input[first : stop + late]
    output = play(make_engine(model.network, engine), heard, late)[start - first : stop - first]
    return all_metrics(torch.from_numpy(output), torch.tensor(pair.target[start:stop]), pair.sample_rate)


def _section(text: str | None, sample_rate: int, samples: int) -> tuple[int, int]:
    """From `START:STOP` in seconds, either of which may be left out, to samples."""
    try:
        begin, end = (text or ":").split(":")
        start = round(float(begin or 0) * sample_rate)
        stop = round(float(end) * sample_rate) if end else samples
    except (ValueError, OverflowError, AttributeError):
        raise InputError(f"section={text} is not START:STOP in seconds, such as 60:70") from None
    if not 0 <= start < stop <= samples:
        raise InputError(f"section={text} is not within the pair's {samples / sample_rate:.3f} s")
    return start, stop


def _show(metrics: dict[str, float], title: str) -> None:
    table = Table("metric", "value", title=title)
    for name, value in metrics.items():
        table.add_row(name, f"{value:.6f}")
    Console().print(table)
