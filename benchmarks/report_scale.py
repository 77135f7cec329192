"""Time and peak memory of a report on many made-up records.

    python benchmarks/report_scale.py [records, 10000 by default]

The records lie in two rungs; the script `src/report.py` runs as a user would run it.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from material.synthetic import synthetic_study

from voxnas.records.record import FILE_NAME

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 20
SECOND_RUNG = 0.25  # the share of candidates that go on: four in five records are of the first rung


def main(records: int) -> int:
    """Make the study, report on it, and say what that took."""
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study"
        synthetic_study(
            study, round(records / (1 + SECOND_RUNG)), keep=SECOND_RUNG, epochs=(50, 200), failures=False
        )
        count = sum(1 for _ in study.rglob(FILE_NAME))
        command = [
            sys.executable,
            ROOT / "src" / "report.py",
            f"results={study}",
            f"output_dir={folder}/report",
        ]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
    peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # Linux counts in KiB
    print(f"{count:,} records: {seconds:.1f} s (at most {LIMIT_S}), peak memory {peak_mib:.0f} MiB")
    return int(seconds > LIMIT_S)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
