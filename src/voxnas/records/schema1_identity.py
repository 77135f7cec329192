"""Identity of runs as records of the first edition have it: what was finished then is found finished.

It was the hash of all values of a few groups of the config. Keys that came later and have their default are
left out; classes are named as they were. The names below are history, and are kept as they were.
"""

import re
from collections.abc import Mapping
from typing import Any

from voxnas.records.identity import identity

OPTIMIZER = {
    "_target_",
    "_partial_",
    "lr",
    "betas",
    "fused",
    "covariance_beta",
    "block_size",
    "refresh_every",
}
LOSS = {"_target_", "mse", "esr", "root_esr", "pre_emphasised_esr", "dc", "mrstft"}
SCHEDULE = {"_target_", "warmup_steps", "final"}
DATA = {"channel", "target_channel", "sample_rate", "delay", "train", "val", "test", "segment_length"}
DATA |= {"batch_size", "seed", "seconds", "demo_seed", "drive", "tone", "level"}
ADDED_LATER = {"nam_reamp": {"strict", "channel", "target_channel"}}  # to kinds of data that there were
TRAINER = {"precision", "max_epochs", "max_time", "gradient_clip_val", "check_val_every_n_epoch"}
TRAINER |= {"num_sanity_val_steps"}
NOT_SHAPING = {"_target_", "input", "target", "folder", "accelerator", "devices", "log_every_n_steps"}
NOT_SHAPING |= {"default_root_dir", "logger", "enable_progress_bar", "enable_model_summary", "plugins"}
MOVED = (r"^voxnas\.problems\.\w+\.losses\.", "voxnas.training.losses.")  # where classes were


def schema1_identity(
    config: Mapping[str, Any], defaults: Mapping[str, Any], **others: Mapping[str, Any] | Any
) -> str:
    """The hash of then.

    Args:
        config: the groups `training`, `data` and `trainer` as plain, resolved values.
        defaults: the same by default, for these choices of groups.
        others: architecture, rejected, recording, sections, seed, patience, ema, init_from.
    """
    training = {
        part: _as_then(config["training"][part], defaults["training"].get(part, {}), known)
        for part, known in (("optimizer", OPTIMIZER), ("loss", LOSS), ("schedule", SCHEDULE))
    }
    kind = str(config["data"].get("_target_", "")).rsplit(".", 1)[-1]
    data = _as_then(config["data"], defaults["data"], DATA - ADDED_LATER.get(kind, set()))
    trainer = _as_then(config["trainer"], defaults["trainer"], TRAINER)
    shaped_by = {"training": training, "data": _shaping(data), "trainer": _shaping(trainer)}
    return identity({**shaped_by, **others})


def _as_then(values: Mapping[str, Any], defaults: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    kept = {k: v for k, v in values.items() if k in known or k not in defaults or v != defaults[k]}
    return {k: re.sub(*MOVED, v) if isinstance(v, str) else v for k, v in kept.items()}


def _shaping(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in NOT_SHAPING}
