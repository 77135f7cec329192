"""Recipes of training by family: learning rates and optimizers, at equal epochs on the same recordings.

    python benchmarks/recipes.py [INPUT TARGET [TARGET ...]] [--families lstm tcn ...] [--epochs 10]
        [--recipes block_soap:0.025 block_soap:0.012 ...] [--seeds 0] [--page docs/figures/recipes.md]

A recipe is an optimizer of configs/training/optimizer and a learning rate; the first is what the others are
held against. Recordings are the demo pair, and INPUT with each TARGET, aligned: 28 s to train on, 6 to
validate. Each family has the sizes of its configs/model. Validation ESR depends on epochs and not on the
machine; the time that a recipe takes beside the first does. What is in logs is not trained again.
"""

import argparse
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from docs_page import page_option, show
from families import network
from rich.table import Table
from studies import BARE, pair, records, script

from voxnas.utils.resolvers import register_resolvers

FAMILIES = ("lstm", "gru", "tcn", "state_trajectory", "state_space", "lactose", "transformer", "conv_net")
RECIPES = ("block_soap:0.025", "block_soap:0.012", "block_soap:0.05", "block_soap_64:0.025", "adam:0.012")
SECTIONS = ('data.train="0:28"', 'data.val="60:66"', 'data.test="75:81"')

Found = dict[tuple[str, str, str], tuple[float, float]]  # ESR and seconds by recording, family and recipe


def train(name: str, data: Sequence[str], options: argparse.Namespace) -> Found:
    """Every family by every recipe on one recording: means over the seeds."""
    found: Found = {}
    for optimizer in dict.fromkeys(recipe.split(":")[0] for recipe in options.recipes):
        rates = [recipe.split(":")[1] for recipe in options.recipes if recipe.startswith(f"{optimizer}:")]
        study = f"bench-recipes-{name}-{optimizer}-{options.epochs}"
        script(
            "train", "search=rung", "rung=recipe", f"study={study}", f"model={','.join(options.families)}",
            f"training/optimizer={optimizer}", f"training.optimizer.lr={','.join(rates)}",
            f"seed={','.join(map(str, options.seeds))}", f"trainer.max_epochs={options.epochs}",
            "patience=null", *BARE, *data, jobs=options.jobs,
        )  # fmt: skip
        runs = records(study, "recipe")
        for family in options.families:
            shape = network([f"model={family}"]).architecture()
            for rate in rates:
                own = [
                    run
                    for run in runs
                    if run.seed in options.seeds
                    and run.architecture == shape
                    and run.settings["training.optimizer.lr"] == float(rate)
                ]
                scores = [run.value("score") for run in own] or [float("inf")]  # none of it came to an end
                times = [run.train_seconds or 0.0 for run in own] or [float("inf")]
                found[name, family, f"{optimizer}:{rate}"] = (
                    statistics.fmean(scores),
                    statistics.median(times),
                )
    return found


def table(found: Found, families: Sequence[str], recipes: Sequence[str], title: str) -> Table:
    """ESR of the first recipe; of each other the ratio to it, over all recordings its geometric mean."""
    names = list(dict.fromkeys(name for name, _, _ in found))
    shown = Table(title=title)
    for column in ("family", "recipe"):
        shown.add_column(column, no_wrap=True)
    for column in (*names, "mean", "time"):
        shown.add_column(column, justify="right", no_wrap=True)
    for family in families:
        firsts = {name: found[name, family, recipes[0]] for name in names}
        for recipe in recipes:
            own = {name: found[name, family, recipe] for name in names}
            shown.add_row(family, recipe, *cells(own, firsts, recipe == recipes[0]))
    return shown


def cells(
    own: Mapping[str, tuple[float, float]], firsts: Mapping[str, tuple[float, float]], is_first: bool
) -> list[str]:
    """A row's figures by recording, their mean, and the time beside the first recipe's."""
    ratios = [own[name][0] / firsts[name][0] for name in own]
    times = statistics.geometric_mean(own[name][1] / firsts[name][1] for name in own)
    shown = [f"ESR {score:.4f}" for score, _ in own.values()] if is_first else [f"× {r:.2f}" for r in ratios]
    return [*shown, f"× {statistics.geometric_mean(ratios):.2f}", f"× {times:.2f}"]


def main(words: Sequence[str] | None = None) -> None:
    """Train, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("input", nargs="?")
    parser.add_argument("target", nargs="*")
    parser.add_argument("--families", nargs="+", default=list(FAMILIES), choices=FAMILIES)
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--jobs", type=int, default=1)
    page_option(parser)
    options = parser.parse_args(words)
    register_resolvers()
    found = train("demo", ["data=demo"], options)
    for target in options.target:
        found |= train(Path(target).stem, pair(options.input, target, *SECTIONS), options)
    seeds = ", ".join(map(str, options.seeds))
    title = f"Validation ESR by recipe of training, {options.epochs} epochs, seeds {seeds}"
    show(table(found, options.families, options.recipes, title), options.page)


if __name__ == "__main__":
    main()
