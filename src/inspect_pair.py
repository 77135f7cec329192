"""Check a pair of recordings and draw it: `python src/inspect_pair.py input=dry.wav target=amp.wav`.

Prints a table of every check and writes pictures; exits with 1 if the pair cannot be trained on.
"""

import os
import sys
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table
from rich.text import Text

from voxnas.audio.checks import Finding
from voxnas.audio.pair import examine_pair
from voxnas.problems.amp.report.pair_plots import draw_pair
from voxnas.utils.app import hydra_app

STYLES = {"ok": "green", "notice": "cyan", "warning": "yellow", "error": "bold red"}


@hydra_app("inspect_pair")
def main(cfg: DictConfig) -> None:
    examination = examine_pair(
        cfg.input,
        cfg.target,
        channel=cfg.channel,
        target_channel=cfg.target_channel,
        sample_rate=cfg.sample_rate,
        delay=cfg.delay,
    )
    console = Console()
    console.print(findings_table(list(examination.pair.findings)))
    default = Path(os.environ["VOXNAS_LOG_DIR"]) / "inspect" / Path(cfg.target).stem
    for picture in draw_pair(examination, cfg.output_dir or default):
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


if __name__ == "__main__":
    main()
