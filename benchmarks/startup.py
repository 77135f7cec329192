"""Start-up of train.py to its first training step, beside importing Lightning alone, in CPU time.

    python benchmarks/startup.py [--runs 5]

The two are timed in turn, whole processes, and the medians compared: CPU time, which others on the machine
lengthen less than they do the wait. The demo pair is made beforehand.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import lightning.pytorch as pl
from docs_page import page_option, show
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
PATHS = (ROOT / "src", ROOT / "benchmarks")
OVERRIDES = ("experiment=smoke", "threads=1", "+callbacks.first_step._target_=startup.FirstStep")


class FirstStep(pl.Callback):
    """Stops the process at the end of the first step."""

    def on_train_batch_end(self, *_: object) -> None:
        """Leave at once: what comes after does not count."""
        os._exit(0)


def cpu_seconds(command: list[str]) -> float:
    """What a process takes of all cores together, from its start to its end."""
    before = os.times()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, PATHS))}
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def seconds_to_first_step() -> float:
    """From the start of the process to the end of the first step."""
    return cpu_seconds([sys.executable, str(ROOT / "src/train.py"), *OVERRIDES])


def seconds_to_import() -> float:
    """A process that imports Lightning and ends."""
    return cpu_seconds([sys.executable, "-c", "import lightning.pytorch"])


def main() -> None:
    """Print both medians and the difference; write logs/bench/startup.json."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    page_option(parser)
    options = parser.parse_args()
    runs = options.runs
    seconds_to_first_step()  # makes the demo pair and fills the file cache
    pairs = [(seconds_to_import(), seconds_to_first_step()) for _ in range(runs)]
    beyond = statistics.median(step - importing for importing, step in pairs)
    figures = {
        "import_lightning_s": statistics.median(pair[0] for pair in pairs),
        "first_step_s": statistics.median(pair[1] for pair in pairs),
        "beyond_import_s": beyond,
        "runs": runs,
    }
    path = ROOT / "logs/bench/startup.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n")
    table = Table(title="Start-up of train.py to its first step, in seconds of CPU time")
    for heading in ("importing Lightning", "to the first step", "beyond the import"):
        table.add_column(heading, justify="right")
    table.add_row(*(f"{value:.2f}" for name, value in figures.items() if name != "runs"))
    show(table, options.page, f"Medians of {runs} rounds.")


if __name__ == "__main__":
    main()
