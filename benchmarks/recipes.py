"""Recipes of training by family: learning rates and optimizers, at equal epochs on the same recordings.

    python benchmarks/recipes.py [INPUT TARGET [TARGET ...]] [--families lstm tcn ...] [--epochs 8]
        [--recipes block_soap:0.025 block_soap:0.05 ...] [--seeds 0] [--page docs/figures/recipes.md]

A recipe is an optimizer of configs/training/optimizer and a learning rate; the first is what the others are
held against. Recordings are the demo pair, and INPUT with each TARGET, aligned: 28 s to train on, 6 to
validate. Each family has the sizes of its configs/model, and all run one after the other on one thread. Times
are of CPU time, a whole training's. What logs/bench/recipes.json has is not trained again.
"""

import argparse
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from docs_page import page_option, show
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from own_speed import now
from rich.table import Table
from studies import LOGS, ROOT, pair

from voxnas.utils.app import prepare_environment, quiet_libraries

FAMILIES = ("lstm", "gru", "tcn", "state_trajectory", "state_space", "lactose", "transformer", "conv_net")
RECIPES = ("block_soap:0.025", "block_soap:0.05", "block_soap_64:0.025", "adam:0.012")
SECTIONS = ('data.train="0:28"', 'data.val="60:66"', 'data.test="75:81"')
RESULTS = LOGS / "bench/recipes.json"

Both = tuple[float, float]  # ESR and seconds


class Scores(pl.Callback):
    """Notes the score of every epoch."""

    def __init__(self) -> None:
        self.each: list[float] = []

    def on_validation_end(self, trainer: pl.Trainer, *_: Any) -> None:
        self.each.append(float(trainer.callback_metrics["val/score"]))


def train(settings: Sequence[str]) -> Both:
    """Lowest validation ESR, and the time, of a training with these settings."""
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        config = compose("train", overrides=list(settings))
    pl.seed_everything(config.seed, workers=True, verbose=False)
    problem, data = instantiate(config.problem), instantiate(config.data)
    network = instantiate(config.model, _convert_="all")
    data.adapt(network)
    recipe = {part: instantiate(part_config) for part, part_config in config.training.items()}
    scores, start = Scores(), now()
    quiet = {"logger": False, "enable_checkpointing": False, "default_root_dir": None, "plugins": None}
    trainer = instantiate(config.trainer, callbacks=[scores], **quiet)
    try:
        trainer.fit(problem.module(network, data, recipe), data)
    except FloatingPointError:  # it has diverged
        return float("inf"), now() - start
    return min(scores.each), now() - start


def measure(name: str, data: Sequence[str], options: argparse.Namespace) -> dict[tuple[str, str, str], Both]:
    """Every family by every recipe on one recording: means over the seeds."""
    known: dict[str, Both] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    found = {}
    for family in options.families:
        for recipe in options.recipes:
            runs = []
            for seed in options.seeds:
                key = f"{name}/{family}/{recipe}/{options.epochs}/{seed}"
                if key not in known:
                    optimizer, rate = recipe.split(":")
                    chosen = [f"model={family}", f"training/optimizer={optimizer}", f"seed={seed}", *data]
                    chosen += [f"training.optimizer.lr={rate}", f"trainer.max_epochs={options.epochs}"]
                    known[key] = train(chosen)
                    RESULTS.parent.mkdir(parents=True, exist_ok=True)
                    RESULTS.write_text(json.dumps(known, indent=1) + "\n")
                    print(key, *known[key], flush=True)
                runs.append(known[key])
            scores, times = zip(*runs, strict=True)
            found[name, family, recipe] = statistics.fmean(scores), statistics.fmean(times)
    return found


def table(
    found: Mapping[tuple[str, str, str], Both], families: Sequence[str], recipes: Sequence[str], title: str
) -> Table:
    """ESR of the first recipe; of each other the ratio to it, over all recordings its geometric mean."""
    names = list(dict.fromkeys(name for name, _, _ in found))
    shown = Table(title=title)
    for column in ("family", "recipe"):
        shown.add_column(column, no_wrap=True)
    for column in (*names, "mean", "time"):
        shown.add_column(column, justify="right", no_wrap=True)
    for family in families:
        firsts = [found[name, family, recipes[0]] for name in names]
        for recipe in recipes:
            own = [found[name, family, recipe] for name in names]
            shown.add_row(family, recipe, *cells(own, firsts, recipe == recipes[0]))
    return shown


def cells(own: Sequence[Both], firsts: Sequence[Both], is_first: bool) -> list[str]:
    """A row's figures by recording, their mean, and the time beside the first recipe's."""
    scores, times = ([a[i] / b[i] for a, b in zip(own, firsts, strict=True)] for i in range(2))
    shown = [f"ESR {score:.4f}" for score, _ in own] if is_first else [f"× {ratio:.2f}" for ratio in scores]
    return [*shown, *(f"× {statistics.geometric_mean(ratios):.2f}" for ratios in (scores, times))]


def main(words: Sequence[str] | None = None) -> None:
    """Train, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("input", nargs="?")
    parser.add_argument("target", nargs="*")
    parser.add_argument("--families", nargs="+", default=list(FAMILIES), choices=FAMILIES)
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES))
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    page_option(parser)
    options = parser.parse_args(words)
    prepare_environment()
    quiet_libraries()
    torch.set_num_threads(1)
    found = measure("demo", ["data=demo"], options)
    for target in options.target:
        found |= measure(Path(target).stem, pair(options.input, target, *SECTIONS), options)
    seeds = ", ".join(map(str, options.seeds))
    title = f"Validation ESR by recipe of training, {options.epochs} epochs, seeds {seeds}"
    show(table(found, options.families, options.recipes, title), options.page)


if __name__ == "__main__":
    main()
