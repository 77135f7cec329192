"""Speed of strings in feedback: native code beside plain NumPy and PyTorch, and what six played strings cost.

    python benchmarks/string_speed.py [--batch 1 16] [--page FILE]

Samples per second of CPU time of the loop, forward, and forward and backward through all of it, on one
thread, for one string and for several side by side; a ratio is the median of those of interleaved rounds.
NumPy has the same products for all strings at once, sample by sample; PyTorch the same with autograd. Then
the share of a core that six strings take in blocks of 64 at 48 kHz.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from docs_page import page_option, show
from rich.table import Table

from voxnas.engine.voice import block_seconds
from voxnas.kernels.string import StringForm, run_native
from voxnas.kernels.string_torch import run_torch
from voxnas.kernels.string_voice import Voice
from voxnas.models.strings.net import StringNet

PERIOD, RATE, BLOCK, STRINGS = 400.9, 48_000, 64, 6
NETWORKS = {
    "passive, linear": {"states": 2},
    "passive, 8 units": {"states": 2, "hidden": 8, "scaled": False},
    "two polarisations": {"polarisations": 2, "states": 2},
    "free, linear": {"form": "free"},
    "free, 64-64": {"form": "free", "hidden": "64-64", "scaled": False},
}
STEPS = {"native": 8000, "numpy": 300, "torch": 100}
ROUNDS = 5


def run_numpy(form: StringForm, weights: np.ndarray, start: np.ndarray, steps: int) -> np.ndarray:
    """The loop as one writes it in NumPy."""
    sizes = [int(np.prod(shape)) for shape in form.sizes()]
    cuts = np.split(weights, np.cumsum(sizes)[:-1])
    linear, tuning, *layers = (part.reshape(shape) for part, shape in zip(cuts, form.sizes(), strict=True))
    lines = np.concatenate([start, np.zeros((*start.shape[:2], steps), np.float32)], 2)
    rows, delays = (np.array(column) for column in zip(*form.taps, strict=True))
    state = np.zeros((len(start), form.states), np.float32)
    passed = np.zeros((len(start), form.lines), np.float32)
    for now in range(form.history, form.history + steps):
        seen = lines[:, rows, now - delays]
        if form.tuned:
            seen = passed = seen + tuning * (lines[:, rows, now - delays + 1] - passed)
        features = np.concatenate([seen, state], 1)
        v = features @ linear.T
        if layers:
            x = features
            for place in range(0, len(layers), 2):
                x = x @ layers[place].T + layers[place + 1]
                x = np.tanh(x) if place + 2 < len(layers) else x
            v = v + x
        if form.passive:
            most = form.rho * np.linalg.norm(features, axis=1) / (np.linalg.norm(v, axis=1) + 1e-15)
            v = v * np.minimum(1, most)[:, None]
        lines[:, :, now] = v[:, : form.lines]
        state = v[:, form.lines :]
    return lines[:, :, form.history :]


def rate_of(work: Callable[[], object], samples: int) -> float:
    """Samples per second of CPU time, which other work on the machine leaves alone."""
    began = time.process_time()
    work()
    return samples / max(time.process_time() - began, 1e-9)


def measure(network: StringNet, batch: int) -> dict[str, float]:
    """Medians over rounds: rates in millions of samples per second, and ratios of the same round."""
    form, weights = network.at(PERIOD), network.weights(PERIOD).detach()
    start = 0.1 * torch.randn(batch, form.lines, form.history)
    with_gradient = weights.clone().requires_grad_()
    runs = {
        "native": lambda: run_native(form, weights, start, STEPS["native"]),
        "numpy": lambda: run_numpy(form, weights.numpy(), start.numpy(), STEPS["numpy"]),
        "torch": lambda: run_torch(form, weights, start, STEPS["torch"]),
        "native back": lambda: (
            run_native(form, with_gradient, start, STEPS["native"]).square().sum().backward()
        ),
        "torch back": lambda: run_torch(form, with_gradient, start, STEPS["torch"]).square().sum().backward(),
    }
    for run in runs.values():
        run()
    rounds = [
        {k: rate_of(run, batch * STEPS[k.split()[0]]) for k, run in runs.items()} for _ in range(ROUNDS)
    ]
    pairs = {"native": ("numpy", "torch"), "native back": ("torch back",)}
    found = {k: statistics.median(r[k] for r in rounds) / 1e6 for k in runs}
    for own, others in pairs.items():
        found |= {f"{own}/{o}": statistics.median(r[own] / r[o] for r in rounds) for o in others}
    return found


def main() -> None:
    """Print, and if asked for write, the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 16])
    page_option(parser)
    given = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    table = Table(title="Speed of strings in feedback, one thread")
    titles = [
        "forward, M samples/s",
        "× NumPy",
        "× PyTorch",
        "forward and backward, M samples/s",
        "× PyTorch",
    ]
    for column in ("string", "side by side", *titles, f"{STRINGS} strings played, % of a core"):
        table.add_column(column, justify="left" if column == "string" else "right")
    for name, settings in NETWORKS.items():
        network = StringNet(**settings)
        network.follow(PERIOD, RATE)
        voices = [Voice(network.voice_form()) for _ in range(STRINGS)]
        share = statistics.median(block_seconds(voices, BLOCK, 400)) * RATE / BLOCK
        for batch in given.batch:
            found = measure(network, batch)
            table.add_row(
                name,
                f"{batch}",
                f"{found['native']:.1f}",
                f"{found['native/numpy']:.0f}",
                f"{found['native/torch']:.0f}",
                f"{found['native back']:.2f}",
                f"{found['native back/torch back']:.0f}",
                f"{100 * share:.2f}",
            )
    show(table, given.page)


if __name__ == "__main__":
    main()
