"""Where the time of a phase-1 run goes, for a space's smallest and largest candidate.

    python benchmarks/run_profile.py [--epochs 50] [--models 5x8 8x16] [--json PATH] [KEY=VALUE ...]

Each candidate is a run of src/train.py in a process of its own on one thread, on the demo pair unless the
overrides say otherwise (data=amp_pair data.input=… data.target=…). CPU times are of the calls named below,
each without the calls inside it that are listed too; "the rest" is what Lightning, Hydra and Python do
around them. The profile costs about a microsecond per call.
"""

import argparse
import functools
import json
import os
import runpy
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docs_page import page_option, show
from rich.table import Table

TRAIN = Path(__file__).resolve().parents[1] / "src/train.py"
MARKER = "run_profile: "
PARTS = ("imports", "configs", "recording", "data", "forward", "loss", "backward", "optimizer", "validation")
PARTS += ("checkpoints", "record", "test", "benchmark", "export", "preview", "loggers", "the rest")


class Clock:
    """Seconds by part; what runs inside another part counts for itself alone."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.inside: list[float] = []

    def wrap(self, owner: Any, name: str, part: str) -> None:
        """Have a method's time counted."""
        method = getattr(owner, name)

        @functools.wraps(method)
        def timed(*args: Any, **kwargs: Any) -> Any:
            return self.time(part, lambda: method(*args, **kwargs))

        setattr(owner, name, timed)

    def time(self, part: str, call: Callable[[], Any]) -> Any:
        """Run the call and count its time."""
        start = time.process_time()
        self.inside.append(0.0)
        try:
            return call()
        finally:
            taken = time.process_time() - start
            self.seconds[part] += taken - self.inside.pop()
            if self.inside:
                self.inside[-1] += taken


def child(arguments: list[str]) -> None:
    """Run src/train.py with the clock in place, and print what it says."""
    start, clock = time.process_time(), Clock()
    clock.time("imports", lambda: _instrument(clock))
    sys.argv = [str(TRAIN), *arguments]
    sys.path.insert(0, str(TRAIN.parent))
    runpy.run_path(str(TRAIN), run_name="__main__")
    clock.seconds["the rest"] = time.process_time() - start - sum(clock.seconds.values())
    print(MARKER + json.dumps(clock.seconds), flush=True)


def _instrument(clock: Clock) -> None:
    import lightning.pytorch as pl
    import torch
    from hydra._internal.hydra import Hydra
    from lightning.pytorch.callbacks import ModelCheckpoint
    from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

    from voxnas.callbacks import benchmark, export, run_record
    from voxnas.models.wavenet import WaveNet
    from voxnas.problems.amp.data.datamodule import PairDataModule
    from voxnas.problems.amp.data.segments import Segments
    from voxnas.problems.amp.losses import WeightedLoss
    from voxnas.problems.amp.measures import preview
    from voxnas.problems.amp.module import AmpModule
    from voxnas.training.block_soap import BlockSOAP

    load = PairDataModule.recording.fget  # type: ignore[attr-defined]
    PairDataModule.recording = property(  # type: ignore[assignment,method-assign]
        lambda self: clock.time("recording", lambda: load(self))
    )
    clock.wrap(Hydra, "compose_config", "configs")
    clock.wrap(Segments, "__getitem__", "data")
    clock.wrap(WaveNet, "forward", "forward")
    clock.wrap(WeightedLoss, "forward", "loss")
    clock.wrap(torch.Tensor, "backward", "backward")
    clock.wrap(BlockSOAP, "_step", "optimizer")  # not step, which runs the closure
    clock.wrap(AmpModule, "validation_step", "validation")
    clock.wrap(AmpModule, "test_step", "test")
    clock.wrap(AmpModule, "on_test_epoch_end", "test")
    clock.wrap(pl.Trainer, "save_checkpoint", "checkpoints")
    clock.wrap(ModelCheckpoint, "on_validation_end", "checkpoints")
    clock.wrap(run_record.RunRecord, "on_train_epoch_end", "record")
    clock.wrap(benchmark.Benchmark, "on_test_end", "benchmark")
    clock.wrap(export.Export, "on_test_end", "export")
    clock.wrap(preview.Preview, "on_test_end", "preview")
    for logger in (CSVLogger, TensorBoardLogger):
        clock.wrap(logger, "log_metrics", "loggers")
        clock.wrap(logger, "save", "loggers")


def profile(model: str, epochs: int, overrides: list[str]) -> dict[str, float]:
    """Seconds by part of one run."""
    layers, channels = model.split("x")
    with tempfile.TemporaryDirectory() as logs:
        result = subprocess.run(
            [sys.executable, __file__, "--child", f"model.num_layers={layers}", f"model.channels={channels}",
             f"trainer.max_epochs={epochs}", "threads=1", *overrides],
            env=os.environ | {"VOXNAS_LOG_DIR": logs, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        )  # fmt: skip
    for line in result.stdout.splitlines():
        if line.startswith(MARKER):
            return dict(json.loads(line.removeprefix(MARKER)))
    raise SystemExit(result.stderr or result.stdout)


def main() -> None:
    """Profile each candidate and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["5x8", "8x16"], help="LAYERSxCHANNELS")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--json", type=Path)
    page_option(parser)
    options, overrides = parser.parse_known_args()
    runs = {model: profile(model, options.epochs, overrides) for model in options.models}
    table = Table(title=f"A phase-1 run of {options.epochs} epochs, one thread, CPU time", show_footer=True)
    table.add_column("part", footer="total")
    for model, found in runs.items():
        total = sum(found.values())
        table.add_column(f"{model}, s", footer=f"{total:.1f}", justify="right")
        table.add_column("share", justify="right")
    for part in PARTS:
        row = [(found.get(part, 0.0), sum(found.values())) for found in runs.values()]
        table.add_row(part, *(text for s, total in row for text in (f"{s:.2f}", f"{s / total:.0%}")))
    show(table, options.page)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(runs, indent=1) + "\n")


if __name__ == "__main__":
    child(sys.argv[2:]) if sys.argv[1:2] == ["--child"] else main()
