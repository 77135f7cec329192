"""Checks of a pair of recordings, as a table and as pictures."""

import os
import sys
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from voxnas.audio.checks import Finding
from voxnas.audio.noise import measure_noise
from voxnas.audio.pair import examine_pair
from voxnas.problems.amp.report.pair_plots import draw_pair

STYLES = {"ok": "green", "notice": "cyan", "warning": "yellow", "error": "bold red"}


def inspect_pair(
    input: str,
    target: str,
    channel: int | None = None,
    target_channel: int | None = None,
    sample_rate: int | None = None,
    delay: int | Literal["auto"] = "auto",
    output_dir: str | None = None,
) -> None:
    """Print a table of every check and write pictures; exit with 1 if the pair cannot be trained on.

    For the arguments see `load_pair`; `output_dir` is for the pictures, None for logs/inspect/<target>.
    """
    examination = examine_pair(
        input,
        target,
        channel=channel,
        target_channel=target_channel,
        sample_rate=sample_rate,
        delay=delay,
    )
    findings, pair = list(examination.pair.findings), examination.pair
    noise = None
    if examination.usable:
        noise = measure_noise(pair.input, pair.target, pair.sample_rate)
        findings.append(noise.finding(pair.target))
    Console().print(findings_table(findings))
    default = Path(os.environ["VOXNAS_LOG_DIR"]) / "inspect" / Path(target).stem
    for picture in draw_pair(examination, output_dir or default, noise):
        print(picture)
    if not examination.usable:
        print("this pair cannot be trained on: see the errors above", file=sys.stderr)
        sys.exit(1)


def findings_table(findings: list[Finding]) -> Table:
    """One row per check, the level in colour."""
    table = Table(title="Checks of the pair")
    table.add_column("check", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("what was found", overflow="fold")
    for finding in findings:
        table.add_row(finding.check, Text(finding.level, STYLES[finding.level]), Text(finding.message))
    return table
