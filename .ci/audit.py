"""The pins of constraints.txt held against known vulnerabilities, by pip-audit: `make audit`.

Exit code 1 where one is found. Where the database cannot be reached, nothing is audited, and a line says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PINS = Path(__file__).resolve().parents[1] / "constraints.txt"


def main() -> int:
    command = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off"]
    done = subprocess.run(
        [*command, "--no-deps", "--disable-pip", "-r", str(PINS)], capture_output=True, text=True
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        packages, said = [], (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        if "No module named pip_audit" in said:
            print("audit: pip-audit is not installed; run make setup", file=sys.stderr)
            return 2
    audited = [package for package in packages if "skip_reason" not in package]
    if not audited:
        print("audit: skipped, for the database of vulnerabilities cannot be reached")
        return 0
    found = list(lines(audited))
    print(*found, f"audit: {len(audited)} of {len(packages)} pins, {len(found)} known faults", sep="\n")
    return bool(found)


def lines(packages: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each vulnerability of the packages, as pip-audit's JSON has them."""
    for package in packages:
        for fault in package["vulns"]:
            mended = ", ".join(fault["fix_versions"]) or "no version yet"
            yield f"{package['name']} {package['version']}: {fault['id']}, mended in {mended}"


if __name__ == "__main__":
    sys.exit(main())
