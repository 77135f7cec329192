"""Time a run or an exported model, streaming in blocks on one thread."""

from voxnas.utils import interrupt

interrupt.until_started()

from dataclasses import asdict
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.table import Table

from voxnas.engine.measure import Meter
from voxnas.engine.timing import Timing
from voxnas.export.files import write_json
from voxnas.export.load import load_model
from voxnas.utils.app import hydra_app


@hydra_app("on_model/benchmark", open_groups=["controls"])
def main(cfg: DictConfig) -> None:
    """`python src/benchmark.py model=PATH [block_sizes=[512,64]] [engine=profile] [json=PATH]`."""
    command = OmegaConf.to_container(cfg.command)
    write = instantiate(cfg.write_model)
    meter = Meter(
        cfg.engine, list(cfg.block_sizes), cfg.blocks, command, cfg.profile_build, write_model=write
    )
    model = load_model(cfg.model, cfg.submodel)
    network, sample_rate = model.network, model.rate(cfg.sample_rate)
    timings = meter.measure(network, sample_rate)
    print(
        f"{model.path}: {network.num_parameters} parameters, {network.macs_per_sample} multiply-adds, "
        f"receptive field {network.receptive_field} samples ({network.latency_ms(sample_rate):.2f} ms)"
    )
    print(f"{timings[0].cpu_model}, 1 thread, {timings[0].engine} engine, {sample_rate} Hz")
    Console().print(_table(timings))
    if cfg.json:
        path = write_json(
            {"model": str(model.path), "timings": [asdict(t) for t in timings]}, Path(cfg.json), 2
        )
        print(f"wrote {path}")


def _table(timings: list[Timing]) -> Table:
    """`late` counts the blocks that took longer than they last; `spread` is that of the rounds."""
    table = Table("block", "blocks", "median ms", "p99 ms", "max ms", "late", "spread", "RTF", "real time")
    for t in timings:
        times = [_or_dash(ms, ".3f") for ms in (t.median_ms, t.p99_ms, t.max_ms)]
        counts = [_or_dash(t.deadline_misses, "d"), _or_dash(t.spread, ".0%")]
        real_time = "yes" if t.realtime_capable else "no"
        table.add_row(str(t.block_size), _or_dash(t.blocks, "d"), *times, *counts, f"{t.rtf:.4f}", real_time)
    return table


def _or_dash(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


if __name__ == "__main__":
    main()
