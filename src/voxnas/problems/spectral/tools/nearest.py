"""The amp models of a study, or of a folder, at the setting that was guessed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voxnas.utils.errors import InputError


def nearest_models(study: str, log_dir: str, guess: Mapping[str, float]) -> list[str]:
    """A line for each finished model whose panel has these knobs, the best first: how to play it so.

    Knobs go by their names, and are brought from their range to the model's. InputError where no model of the
    study follows any.
    """
    folder = Path(study) if Path(study).is_dir() else Path(log_dir) / "nas" / study
    found = []
    for path in folder.rglob("record.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        controls = {c["name"]: c for c in record.get("architecture", {}).get("controls") or []}
        shared = [name for name in guess if name in controls]
        if record.get("status") == "ok" and shared:
            found.append((record.get("score") or float("inf"), path.parent, controls, shared))
    if not found:
        raise InputError(
            f"{folder}: no finished model that follows {', '.join(guess)}; make nas-knobs trains some"
        )
    lines = []
    for _, run, controls, shared in sorted(found, key=lambda one: one[0])[:3]:
        setting = " ".join(f"controls.{name}={_within(controls[name], guess[name]):.3g}" for name in shared)
        lines.append(f"python src/render.py model={run} input=DRY output=WET {setting}")
    return lines


def _within(control: Mapping[str, Any], value: float) -> float:
    low, high = float(control.get("low", value)), float(control.get("high", value))
    return min(max(value, low), high)
