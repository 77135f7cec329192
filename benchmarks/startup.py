"""Start-up of train.py to its first training step, beside importing Lightning alone.

    python benchmarks/startup.py [RUNS]

The two are timed in turn, whole processes, and the medians compared. The demo pair is made beforehand.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import lightning.pytorch as pl

ROOT = Path(__file__).resolve().parents[1]
OVERRIDES = ("experiment=smoke", "threads=1", "+callbacks.first_step._target_=startup.FirstStep")


class FirstStep(pl.Callback):
    """Prints the time of the first step's end, and stops the process there."""

    def on_train_batch_end(self, *_: object) -> None:
        """Leave at once: what comes after does not count."""
        print("FIRST_STEP", time.time(), flush=True)
        os._exit(0)


def seconds_to_first_step() -> float:
    """From the start of the process to the end of the first step."""
    start = time.time()
    command = [sys.executable, str(ROOT / "src/train.py"), *OVERRIDES]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "benchmarks")}
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return next(float(line.split()[1]) for line in output.splitlines() if "FIRST_STEP" in line) - start


def seconds_to_import() -> float:
    """A process that imports Lightning and ends."""
    start = time.time()
    subprocess.run([sys.executable, "-c", "import lightning.pytorch"], check=True)
    return time.time() - start


def main() -> None:
    """Print both medians and the difference; write logs/bench/startup.json."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
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
    print(" | ".join(f"{name} {value:.2f}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
