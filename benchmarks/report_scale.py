"""CPU time and peak memory of a report on many made-up records.

    python benchmarks/report_scale.py [--records 10000]

The records lie in two rungs; the script `src/report.py` runs as a user would run it.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from docs_page import page_option, show
from material.synthetic import synthetic_study
from rich.table import Table

from voxnas.records.record import FILE_NAME

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 20
SECOND_RUNG = 0.25  # the share of candidates that go on: four in five records are of the first rung


def main() -> int:
    """Make the study, report on it, and say what that took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=10_000)
    page_option(parser)
    options = parser.parse_args()
    records = options.records
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
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, peak_mib = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024  # Linux counts in KiB
    table = Table(title="The report on a large study")
    for heading in ("records", "CPU time, s", "at most", "peak memory, MiB"):
        table.add_column(heading, justify="right")
    table.add_row(f"{count:,}", f"{seconds:.1f}", str(LIMIT_S), f"{peak_mib:.0f}")
    show(table, options.page)
    return int(seconds > LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
