"""Fit the cost model of the plug-in's engine to measurements, and check it on shapes kept back.

    python benchmarks/fit_plugin_cost.py MEASUREMENTS.csv [--output src/voxnas/engine/cost/plugin.json]

MEASUREMENTS.csv has a row per WaveNet: `arrays` (JSON: channels, kernel_size, dilations and head_size of each
layer array), `activation`, `gated`, and per build `rtf_block64_<build>_build`, the fraction of real time in
blocks of 64 samples at 48 kHz on one thread. The networks of `measured` are in no fit: they are a second
check, and the profile answers for them with what was measured.

The fit is non-negative least squares on relative errors, reweighted so that beyond 5 % an error counts by its
size, not by its square (Huber's loss): a few of the measurements met other load on their machine.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.optimize import nnls
from scipy.stats import spearmanr

from voxnas.engine.cost.work import BUILDS, work
from voxnas.models.layer_array import LayerArray
from voxnas.utils.files import write_text

OUTPUT = Path(__file__).resolve().parents[1] / "src/voxnas/engine/cost/plugin.json"
CPU = "Sapphire Rapids class"
HUBER, ITERATIONS = 0.05, 8
SEEDS = range(5)


def _presets() -> dict[str, list[dict[str, Any]]]:
    ten, seven = [2**i for i in range(10)], [2**i for i in range(7)]
    long, split = (ten, ten), (seven, [128, 256, 512, *ten])
    sizes = {
        "standard": (16, 8, long),
        "lite": (12, 6, split),
        "feather": (8, 4, split),
        "nano": (4, 2, split),
    }
    return {
        name: [
            {"channels": first, "dilations": list(before), "head_size": second, "head_bias": False},
            {"channels": second, "dilations": list(after), "head_size": 1},
        ]
        for name, (first, second, (before, after)) in sizes.items()
    }


def _stack(layers: int, channels: int, kernel_size: int = 3) -> list[dict[str, Any]]:
    return [{"channels": channels, "dilations": [2**i for i in range(layers)], "kernel_size": kernel_size}]


def measured() -> list[dict[str, Any]]:
    """Networks measured one by one, Tanh and not gated: name, architecture, RTF default and AVX-512."""
    presets = _presets()
    wavenets = [
        *((name, presets[name], *rtf) for name, rtf in PRESETS_RTF.items()),
        *((f"{n}x{c} kernel {k}", _stack(n, c, k), *rtf) for (n, c, k), rtf in STACKS_RTF.items()),
    ]
    rows: list[dict[str, Any]] = [
        {"name": name, "type": "WaveNet", "layer_arrays": arrays, "default": default, "avx512": avx512}
        for name, arrays, default, avx512 in wavenets
    ]
    return rows + [
        {"name": f"LSTM 1x{h}", "type": "LSTM", "num_layers": 1, "hidden_size": h, "default": d, "avx512": a}
        for h, (d, a) in LSTM_RTF.items()
    ]


PRESETS_RTF = {
    "standard": (0.097, 0.039),
    "lite": (0.070, 0.053),
    "feather": (0.037, 0.030),
    "nano": (0.028, 0.026),
}
STACKS_RTF = {  # layers, channels, kernel size
    (5, 16, 3): (0.035, 0.011),
    (8, 8, 3): (0.021, 0.014),
    (8, 12, 3): (0.039, 0.024),
    (8, 16, 3): (0.055, 0.018),
    (8, 24, 3): (0.102, 0.036),
    (8, 32, 3): (0.165, 0.045),
    (10, 8, 3): (0.027, 0.017),
    (10, 16, 3): (0.069, 0.022),
    (12, 4, 3): (0.016, 0.016),
    (6, 8, 6): (0.023, 0.015),
    (6, 16, 6): (0.062, 0.019),
}
LSTM_RTF = {8: (0.009, 0.004), 16: (0.016, 0.005), 24: (0.019, 0.007)}


def shapes_of(row: Any) -> list[LayerArray]:
    """The layer arrays of a row of the table."""
    arrays = json.loads(row.arrays)
    return [
        LayerArray.of(**array, activation=row.activation, gating="gated" if row.gated else "none")
        for array in arrays
    ]


def design(networks: list[list[LayerArray]], build: str) -> pd.DataFrame:
    """The steps of each network, a column per step."""
    return pd.DataFrame([work(shapes, BUILDS[build]) for shapes in networks]).fillna(0.0)


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
    table = pd.read_csv(options.measurements)
    networks = [shapes_of(row) for row in table.itertuples()]
    builds: dict[str, Any] = {}
    for build in BUILDS:
        steps, rtf = design(networks, build), table[f"rtf_block64_{build}_build"].to_numpy(float)
        costs = dict(zip(steps.columns, fit(steps.to_numpy(), rtf), strict=True))
        builds[build] = {
            "coefficients": {name: float(f"{cost:.5g}") for name, cost in sorted(costs.items())},
            "kept_back": cross_validate(steps.to_numpy(), rtf),
        }
    content = {
        "about": "RTF per step of a block of 64 samples at 48 kHz; written by benchmarks/fit_plugin_cost.py",
        "cpu_model": CPU,
        "networks": len(networks),
        "builds": builds,
        "measured": measured(),
    }
    write_text(options.output, json.dumps(content, indent=1) + "\n")
    show(content)
    print(f"wrote {options.output}")


def show(content: dict[str, Any]) -> None:
    """How well it does on thirds kept back, and on the networks measured one by one."""
    table = Table("build", "rank", "worst", "median error", "worst", "90 % below", title="Thirds kept back")
    for build, values in content["builds"].items():
        s = values["kept_back"]
        errors = [f"{s[name]:.1%}" for name in ("median_error", "worst_median_error", "ninth_decile_error")]
        table.add_row(build, f"{s['spearman']:.4f}", f"{s['worst_spearman']:.4f}", *errors)
    Console().print(table)
    table = Table("network", *(f"{build}, {what}" for build in BUILDS for what in ("measured", "fit", "off")))
    for row in content["measured"]:
        if row["type"] == "WaveNet":
            table.add_row(row["name"], *_compared(row, content["builds"]))
    Console().print(table)


def _compared(row: dict[str, Any], builds: dict[str, Any]) -> Iterator[str]:
    shapes = [LayerArray.of(**array) for array in row["layer_arrays"]]
    for build, values in builds.items():
        costs = values["coefficients"]
        rtf = sum(count * costs.get(step, 0.0) for step, count in work(shapes, BUILDS[build]).items())
        yield from (f"{row[build]:.3f}", f"{rtf:.4f}", f"{rtf / row[build] - 1:+.0%}")


if __name__ == "__main__":
    main()
