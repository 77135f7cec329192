"""What cures a neural string of ringing for ever, decaying too fast, resting off zero: each measure alone.

    python benchmarks/string_ablation.py [--steps 1200] [--seeds 0 1 2] [--only "passive cell"] [--page FILE]

The baseline is the plain one: an MLP of two layers of 64 units that predicts the next sample from the last
three and seven around a period ago, trained by the squared error on the first five seconds of one pluck. Each
run starts from the note's first periods and runs alone for ten seconds.
"""

import argparse
import sys
import time

import numpy as np
import torch
from docs_page import page_option, write_page
from material.string_training import train_string
from rich.console import Console
from rich.table import Table

from voxnas.models.strings.net import StringNet
from voxnas.problems.string.data.datamodule import StringDecay
from voxnas.problems.string.data.own import OwnString
from voxnas.problems.string.feedback import Feedback
from voxnas.problems.string.judge import Judgement, judge
from voxnas.problems.string.loop_fit import LoopFit

RATE = 22_050
SEED_NETWORK = {
    **{"form": "free", "linear": False, "hidden": [64, 64], "bias": True, "scaled": False},
    **{"near": 3, "around": 3, "fractional": False},
}
BASE = {"network": SEED_NETWORK, "takes": 1, "most_seconds": 5.0, "symmetric": False, "level_balanced": False}
BASE |= {"loss": "mse", "generations": (0,), "loop_fit": False}

# Measure → what it changes
MEASURES = {
    "the plain string": {},
    "relative loss": {"loss": "relative_l1"},
    "relative loss, rise of energy punished": {"loss": "relative_l1_with_penalty"},
    "each segment also negated": {"symmetric": True},
    "whole decay, even over level": {"most_seconds": None, "level_balanced": True},
    "several takes": {"takes": 4},
    "taps at a quarter of the period": {"network": {"quarter": 2}},
    "smaller MLP (8 units)": {"network": {"hidden": [8]}},
    "no biases": {"network": {"bias": False}},
    "energy and accumulated decay": {"network": {"energy": "decay"}},
    "MLP on samples over their level": {"network": {"scaled": True}},
    "linear taps beside the MLP": {"network": {"linear": True}},
    "generations of feedback": {"generations": (0, 1, 2, 4)},
    "passive cell": {"network": {"form": "passive", "linear": True}},
    "linear taps fitted to the modes": {"network": {"linear": True}, "loop_fit": True},
}
ALL = {
    "network": {"form": "passive", "linear": True, "bias": False, "scaled": True, "hidden": [8], "states": 3},
    **{"takes": 4, "most_seconds": None, "symmetric": True, "level_balanced": True},
    **{"loss": "relative_mse", "generations": (0, 1, 2, 4), "loop_fit": True},
}
UNFITTED = {**ALL, "loop_fit": False}


def own_strings(takes: int) -> OwnString:
    """Plucks of one string, and one more to judge by."""
    return OwnString(plucks=takes + 2, sample_rate=RATE, seconds=6.0, decay_s=3.0)


def run(change: dict, seed: int, steps: int) -> Judgement:
    """Train one string and let it run."""
    setting = {**BASE, **change, "network": {**SEED_NETWORK, **change.get("network", {})}}
    torch.manual_seed(seed)
    data = StringDecay(
        own_strings(setting["takes"]),
        most_seconds=setting["most_seconds"],
        symmetric=setting["symmetric"],
        level_balanced=setting["level_balanced"],
        seed=seed,
    )
    module = train_string(
        StringNet(**setting["network"]),
        data,
        setting["loss"],
        Feedback(setting["generations"], one_step=256),
        lambda weights: torch.optim.Adam(weights, lr=2e-3),
        steps,
        LoopFit() if setting["loop_fit"] else None,
    )
    note = data.parts()[1][0]
    return judge(module.free_run(note), note)


def told(values: list[float], form: str) -> str:
    """Median of the seeds, and the farthest two."""
    low, middle, high = np.min(values), np.median(values), np.max(values)
    return f"{middle:{form}} ({low:{form}} … {high:{form}})"


def main() -> None:
    """Print, and if asked for write, the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+", help="measures, by their names in the table")
    page_option(parser)
    given = parser.parse_args()
    cases = {**MEASURES, "all together, but for the fit": UNFITTED, "all together": ALL}
    cases = {name: change for name, change in cases.items() if not given.only or name in given.only}
    table = Table(title="What cures a neural string: each measure alone, and all together")
    headings = [
        "level at the end, dBFS",
        "T60 over the recording's",
        "DC at the end, dBFS",
        "partials' error, dB",
    ]
    for column in ("measure", *headings):
        table.add_column(column, justify="left" if column == "measure" else "right")
    for name, change in cases.items():
        began = time.monotonic()
        found = [run(change, seed, given.steps) for seed in given.seeds]
        table.add_row(
            name,
            told([f.end_dbfs for f in found], ".0f"),
            told([f.t60_ratio for f in found], ".2f"),
            told([f.dc_dbfs for f in found], ".0f"),
            told([f.envelope_db for f in found], ".2f"),
        )
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
        if given.page:
            write_page(table, given.page, f"Medians of {len(given.seeds)} seeds (least … most).")
    Console(width=200).print(table)


if __name__ == "__main__":
    main()
