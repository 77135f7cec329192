"""Records of the first edition: one flat list of figures, all of the only problem that there was.

The names below are history, and are kept as they were: studies of then are read and go on.
"""

from collections.abc import Mapping
from typing import Any

PROBLEM = "amp"
METRICS = ("test_esr", "test_mrstft", "asr")
SHAPE = (
    *("receptive_field", "latency_ms", "delay_samples", "parameters", "macs_per_sample", "sample_rate"),
    *("num_layers", "channels", "kernel_size", "causal"),
)
COST = ("cpu_mean_ms", "cpu_median_ms", "cpu_p99_ms", "cpu_max_ms", "cpu_rtf", "cpu_realtime_capable")
RENAMED = {"best_val_loss": "score", "cost": "estimate"}
DETAILS = ("aliasing", "benchmarks")
SEARCH = ("space", "cost_unit", "largest_cost", "genotype")  # of a differentiable search's own record


def from_schema_1(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the second edition, whose `schema_version` stays what it was.

    Raises AttributeError, TypeError or ValueError on values that were never a record.
    """
    groups = (*METRICS, *SHAPE, *COST, *RENAMED, *DETAILS, *SEARCH, "engine", "block_size", "seconds")
    new = {name: value for name, value in values.items() if name not in groups}
    new |= {RENAMED[name]: values[name] for name in RENAMED if name in values}
    new |= {"problem": PROBLEM, "rung": values.get("rung", "darts")}
    new["metrics"] = _known(values, METRICS)
    new["shape"] = _known(values, SHAPE)
    conditions = _known(values, ("engine", "block_size"))
    new["cost"] = {name: {"value": value, **conditions} for name, value in _known(values, COST).items()}
    new["details"] = {name: values[name] for name in DETAILS if isinstance(values.get(name), list)}
    if "space" in values:
        new["kind"], new["search"] = "search", {"by": "darts"} | _known(values, SEARCH)
        new["train_seconds"] = values.get("seconds")
    if isinstance(values.get("history"), list):
        new["history"] = [_epoch(epoch) for epoch in values["history"]]
    return new


def _known(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names if values.get(name) is not None}


def _epoch(epoch: Mapping[str, Any]) -> dict[str, Any]:
    return {"score" if name == "val_esr" else name: value for name, value in epoch.items()}
