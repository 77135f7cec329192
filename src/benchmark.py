"""Time a run or an exported model on this CPU, streaming in blocks on one thread."""

from dataclasses import asdict
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from voxnas.engine.benchmark import Timing, benchmark_blocks
from voxnas.engine.make import make_engine
from voxnas.export.files import write_json
from voxnas.export.load import load_model
from voxnas.utils.app import hydra_app

FALLBACK_RATE = 48000  # Hz, for files that do not tell theirs


@hydra_app("on_model/benchmark")
def main(cfg: DictConfig) -> None:
    """`python src/benchmark.py model=PATH [block_sizes=[512,64]] [json=PATH]`."""
    model = load_model(cfg.model, cfg.submodel)
    sample_rate = cfg.sample_rate or model.sample_rate or FALLBACK_RATE
    engine = make_engine(model.network, cfg.engine)
    timings = benchmark_blocks(engine, sample_rate, cfg.block_sizes, cfg.blocks)
    network = model.network
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
    table = Table("block", "blocks", "mean ms", "median ms", "p99 ms", "max ms", "RTF", "real-time")
    for t in timings:
        times = [f"{ms:.3f}" for ms in (t.mean_ms, t.median_ms, t.p99_ms, t.max_ms)]
        table.add_row(
            str(t.block_size), str(t.blocks), *times, f"{t.rtf:.4f}", "yes" if t.realtime_capable else "no"
        )
    return table


if __name__ == "__main__":
    main()
