"""How figures are named and written, the same in tables, texts and plots."""

import math
from collections.abc import Sequence
from typing import Any

QUALITY = [(0.01, "great"), (0.035, "not bad"), (0.1, "might sound ok")]
"""ESR below which a model is called so; the words are those of Neural Amp Modeler's trainer."""

TITLES = {
    "best_val_loss": "validation ESR",
    "test_esr": "test ESR",
    "latency_ms": "latency (ms)",
    "receptive_field": "receptive field (samples)",
    "parameters": "parameters",
    "macs_per_sample": "MACs per sample",
    "cpu_rtf": "CPU real-time factor",
    "cpu_mean_ms": "CPU mean (ms per block)",
    "cpu_p99_ms": "CPU p99 (ms per block)",
    "asr": "aliasing (ratio)",
    "train_seconds": "training (s)",
    "best_epoch": "best epoch",
}


def title(name: str) -> str:
    """What a column is called, with its unit."""
    return TITLES.get(name, name.replace("_", " "))


def text(name: str, value: Any) -> str:
    """A figure as a reader wants it; a dash where there is none."""
    if value is None or value != value:
        return "–"
    if isinstance(value, bool | str):
        return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else value
    if not math.isfinite(value):
        return "∞" if value > 0 else "-∞"
    if name == "latency_ms":
        return f"{value:.2f}"
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.3g}"


def quality(esr: float) -> str:
    """What an ESR means to the ear, roughly."""
    return next((word for limit, word in QUALITY if esr < limit), "audibly off")


def spread(total: int, limit: int) -> list[int]:
    """At most `limit` of `total` positions, evenly spread, the first and the last among them."""
    count = min(total, limit)
    return [round(i * (total - 1) / max(count - 1, 1)) for i in range(count)]


def short_names(names: Sequence[str]) -> list[str]:
    """Names without the parts that all of them share: `wavenet-l5-c16-k3` becomes `l5-c16` among its like."""
    parts = [name.split("-") for name in names]
    shared = set.intersection(*map(set, parts)) if len(set(names)) > 1 else set()
    return [
        "-".join(p for p in split if p not in shared) or name
        for split, name in zip(parts, names, strict=True)
    ]
