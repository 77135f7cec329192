"""Fit the cost model of the plug-in's engine to measurements, and check it on networks kept back.

    python benchmarks/fit_plugin_cost.py MEASUREMENTS.csv [--output src/voxnas/engine/cost/plugin.json]

MEASUREMENTS.csv has a row per network: `id`, `kind`, `architecture` (JSON of `Network.architecture`), and the
fraction of real time in blocks of 64 samples at 48 kHz on one thread, `rtf_default` and, built for a CPU with
AVX-512, `rtf_native`. In no fit are the rows of the kind "preset", which are a second check, those that the
engine plays by code of their own, and grouped convolutions, too few to tell. The profile answers for presets,
LSTMs and filters that were measured with what was measured.

The fit is non-negative least squares on relative errors, reweighted so that beyond 5 % an error counts by its
size, not by its square (Huber's loss): a few of the measurements met other load on their machine.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.optimize import nnls
from scipy.stats import spearmanr

from voxnas.engine.cost.fast_path import has_fast_path
from voxnas.engine.cost.steps import BUILDS, Build
from voxnas.engine.cost.work import conv_net_work, lstm_work, wavenet_work
from voxnas.models.layer_array import LayerArray
from voxnas.utils.files import write_text

OUTPUT = Path(__file__).resolve().parents[1] / "src/voxnas/engine/cost/plugin.json"
CPU = "Sapphire Rapids class"
COLUMNS = {"default": "rtf_default", "avx512": "rtf_native"}
HUBER, ITERATIONS = 0.05, 8
SEEDS = range(5)

Architecture = Mapping[str, Any]


def read(path: Path) -> pd.DataFrame:
    """The table, each architecture parsed, and the columns of RTF by the builds' names."""
    table = pd.read_csv(path)
    table["architecture"] = table["architecture"].map(json.loads)
    return table.rename(columns={column: build for build, column in COLUMNS.items()})


def of_the_fit(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that the steps of convolutions are fitted to."""
    return table[[row.kind != "preset" and _is_plain(row.architecture) for row in table.itertuples()]]


def lstms(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that the steps of LSTMs are fitted to."""
    return table[[architecture["type"] == "LSTM" for architecture in table["architecture"]]]


def _is_plain(architecture: Architecture) -> bool:
    if architecture["type"] != "WaveNet":
        return bool(architecture["type"] == "ConvNet")
    arrays = shapes_of(architecture)
    grouped = any(
        {array.groups_input, array.layer1x1_groups, array.head1x1_groups} != {1} for array in arrays
    )
    return not grouped and not has_fast_path(arrays)


def shapes_of(architecture: Architecture) -> list[LayerArray]:
    """The layer arrays of a WaveNet."""
    return [LayerArray.of(**array) for array in architecture["layer_arrays"]]


def work(architecture: Architecture, build: Build) -> Counter[str]:
    """The steps of a network of any kind."""
    if architecture["type"] == "WaveNet":
        return wavenet_work(shapes_of(architecture), build)
    if architecture["type"] == "ConvNet":
        return conv_net_work(architecture, build)
    return lstm_work(architecture["num_layers"], architecture["hidden_size"], build)


def measured(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The networks that the profile answers for with what was measured."""
    sizes = {"WaveNet": ["layer_arrays"], "LSTM": ["num_layers", "hidden_size"], "Linear": ["taps"]}
    rows = []
    for row in table.itertuples():
        architecture = row.architecture
        if row.kind == "preset" or architecture["type"] in ("LSTM", "Linear"):
            shape = {key: architecture[key] for key in sizes[architecture["type"]]}
            if "layer_arrays" in shape:
                shape["layer_arrays"] = [_short(array) for array in shape["layer_arrays"]]
            rtf = {build: getattr(row, build) for build in BUILDS}
            rows.append({"name": row.id, "type": architecture["type"], **shape, **rtf})
    return rows


def _short(array: Mapping[str, Any]) -> dict[str, Any]:
    """What a layer array says other than the default; one value where all layers have the same."""
    shape, short = LayerArray.of(**array), dict(array)
    for key in set(array) - {"channels", "dilations"}:
        without = {name: value for name, value in short.items() if name != key}
        if LayerArray.of(**without) == shape:
            short = without
        elif isinstance(array[key], list) and LayerArray.of(**{**short, key: array[key][0]}) == shape:
            short[key] = array[key][0]
    return short


def design(architectures: Iterator[Architecture] | list[Architecture], build: str) -> pd.DataFrame:
    """The steps of each network, a column per step."""
    return pd.DataFrame([work(one, BUILDS[build]) for one in architectures]).fillna(0.0)


def fit(steps: np.ndarray, rtf: np.ndarray) -> np.ndarray:
    """The cost per step that fits best, none below 0."""
    relative = steps / rtf[:, None]
    scale = np.maximum(relative.max(axis=0), 1e-12)  # of like size, for the solver's sake
    weights = np.ones(len(rtf))
    for _ in range(ITERATIONS):
        root = np.sqrt(weights)
        costs, _ = nnls(relative / scale * root[:, None], root, maxiter=100_000)
        errors = np.abs(relative / scale @ costs - 1)
        weights = np.minimum(1, HUBER / np.maximum(errors, 1e-12))
    return np.asarray(costs / scale)


def scores(predicted: np.ndarray, rtf: np.ndarray) -> dict[str, float]:
    """Rank correlation, and the median and the ninth decile of the relative errors."""
    errors = np.abs(predicted / rtf - 1)
    return {
        "spearman": float(spearmanr(predicted, rtf)[0]),
        "median_error": float(np.median(errors)),
        "ninth_decile_error": float(np.percentile(errors, 90)),
    }


def kept_back(count: int) -> Iterator[np.ndarray]:
    """Which rows to keep back: every third of `count`, in an order drawn anew for each seed."""
    for seed in SEEDS:
        order = np.random.default_rng(seed).permutation(count)
        yield from (order[part::3] for part in range(3))


def cross_validate(steps: np.ndarray, rtf: np.ndarray) -> dict[str, float]:
    """The scores on the thirds kept back: their mean, and the worst third."""
    found = []
    for back in kept_back(len(rtf)):
        rest = np.setdiff1d(np.arange(len(rtf)), back)
        found.append(scores(steps[back] @ fit(steps[rest], rtf[rest]), rtf[back]))
    mean = {name: float(np.mean([one[name] for one in found])) for name in found[0]}
    worst = {
        "worst_spearman": min(one["spearman"] for one in found),
        "worst_median_error": max(one["median_error"] for one in found),
    }
    return {name: round(value, 4) for name, value in (mean | worst).items()}


def main() -> None:
    """Fit, check, write, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("measurements", type=Path)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    table = read(options.measurements)
    content = {
        "about": "RTF per step of a block of 64 samples at 48 kHz; written by benchmarks/fit_plugin_cost.py",
        "cpu_model": CPU,
        "networks": len(of_the_fit(table)) + len(lstms(table)),
        "builds": {build: fitted(table, build) for build in BUILDS},
        "measured": measured(table),
    }
    write_text(options.output, json.dumps(content, indent=1) + "\n")
    show(content)
    print(f"wrote {options.output}")


def fitted(table: pd.DataFrame, build: str) -> dict[str, Any]:
    """The costs of a build, and their scores on networks kept back."""
    costs: dict[str, float] = {}
    found = {}
    for name, rows in {"kept_back": of_the_fit(table), "kept_back_lstm": lstms(table)}.items():
        steps, rtf = design(list(rows["architecture"]), build), rows[build].to_numpy(float)
        costs |= dict(zip(steps.columns, fit(steps.to_numpy(), rtf), strict=True))
        found[name] = cross_validate(steps.to_numpy(), rtf)
    return {"coefficients": {name: float(f"{cost:.5g}") for name, cost in sorted(costs.items())}, **found}


def show(content: dict[str, Any]) -> None:
    """How well it does on thirds kept back, and on the presets."""
    table = Table("build", "rank", "worst", "median error", "worst", "90 % below", title="Thirds kept back")
    for build, values in content["builds"].items():
        for kind, s in ((build, values["kept_back"]), (f"{build}, LSTM", values["kept_back_lstm"])):
            names = ("median_error", "worst_median_error", "ninth_decile_error")
            errors = [f"{s[name]:.1%}" for name in names]
            table.add_row(kind, f"{s['spearman']:.4f}", f"{s['worst_spearman']:.4f}", *errors)
    Console().print(table)
    table = Table("network", *(f"{build}, {what}" for build in BUILDS for what in ("measured", "fit", "off")))
    for row in content["measured"]:
        if row["type"] == "WaveNet" and _is_plain(row):
            table.add_row(row["name"], *_compared(row, content["builds"]))
    Console().print(table)


def _compared(row: dict[str, Any], builds: dict[str, Any]) -> Iterator[str]:
    for build, values in builds.items():
        costs = values["coefficients"]
        rtf = sum(count * costs.get(step, 0.0) for step, count in work(row, BUILDS[build]).items())
        yield from (f"{row[build]:.4f}", f"{rtf:.4f}", f"{rtf / row[build] - 1:+.0%}")


if __name__ == "__main__":
    main()
