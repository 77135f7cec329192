"""Evaluation of a run or an exported model against an amp, on a pair of recordings."""

import math
from pathlib import Path

import torch
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from voxnas.audio.pair import load_pair
from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.export.files import write_json
from voxnas.export.load import load_model
from voxnas.training.metrics import all_metrics
from voxnas.utils.app import hydra_app
from voxnas.utils.errors import InputError


@hydra_app("on_model/eval")
def main(cfg: DictConfig) -> None:
    """`python src/eval.py model=PATH input=dry.wav target=amp.wav [section=60:70] [json=PATH]`."""
    model = load_model(cfg.model, cfg.submodel)
    pair = load_pair(
        cfg.input,
        cfg.target,
        channel=cfg.channel,
        target_channel=cfg.target_channel,
        sample_rate=model.sample_rate if cfg.resample else None,
        delay=cfg.delay,
    )
    if model.sample_rate not in (None, pair.sample_rate):
        raise InputError(
            f"{cfg.input}: has {pair.sample_rate} Hz, the model {model.sample_rate} Hz; add resample=true"
        )
    for finding in pair.findings:
        if finding.level in ("notice", "warning"):
            print(f"{finding.level}: {finding.message}")
    start, stop = _section(cfg.section, pair.sample_rate, len(pair.target))
    first, late = max(0, start - model.network.receptive_field + 1), model.network.delay_samples
    heard = pair.input[first : stop + late]
    output = play(make_engine(model.network, cfg.engine), heard, late)[start - first : stop - first]
    metrics = all_metrics(torch.from_numpy(output), torch.tensor(pair.target[start:stop]), pair.sample_rate)
    seconds = [start / pair.sample_rate, stop / pair.sample_rate]
    _show(
        metrics, f"{model.path.name}, {seconds[0]:g} to {seconds[1]:g} s, delay {pair.delay_samples} samples"
    )
    if cfg.json:
        facts = {"model": str(model.path), "input": cfg.input, "target": cfg.target, "section_s": seconds}
        facts |= {"sample_rate": pair.sample_rate, "delay_samples": pair.delay_samples}
        finite = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
        print(f"wrote {write_json({**facts, **finite}, Path(cfg.json), indent=2)}")


def _section(text: str | None, sample_rate: int, samples: int) -> tuple[int, int]:
    """Samples of a section `START:STOP` in seconds, either of which may be left out."""
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


if __name__ == "__main__":
    main()
