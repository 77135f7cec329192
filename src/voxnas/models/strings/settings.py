"""What a string can be asked to be, and what of it does not go together."""

from collections.abc import Sequence
from typing import Any

from voxnas.kernels.string import ACTIVATIONS
from voxnas.models.base import BACKENDS
from voxnas.utils.errors import InputError

FORMS = ("passive", "free")
ENERGY = ("none", "level", "decay")  # what the MLP hears of it, the ones before included


def units_of(hidden: Sequence[int] | int | str) -> tuple[int, ...]:
    """Units of each hidden layer; InputError for a word that says none."""
    if isinstance(hidden, str):
        words = [] if hidden in ("", "none") else hidden.split("-")
        if not all(word.isdigit() for word in words):
            raise InputError(f"model.hidden={hidden}: none, 16, or 16-16 for two layers")
        return tuple(map(int, words))
    return (hidden,) if isinstance(hidden, int) else tuple(hidden)


def check(settings: dict[str, Any], backend: str) -> None:
    """InputError for what does not go together."""
    one_of = {"form": FORMS, "activation": ACTIVATIONS, "energy": ENERGY}
    for key, known in one_of.items():
        if settings[key] not in known:
            raise InputError(f"model.{key}={settings[key]}: one of {', '.join(known)}")
    if backend not in BACKENDS:
        raise InputError(f"model.backend={backend}: one of {', '.join(BACKENDS)}")
    if settings["polarisations"] not in (1, 2):
        raise InputError(f"model.polarisations={settings['polarisations']}: 1 or 2")
    if settings["form"] == "free" and settings["polarisations"] > 1:
        raise InputError("model.form=free: only a passive string has two polarisations: model.form=passive")
    if settings["form"] == "free" and not settings["linear"] and not settings["hidden"]:
        raise InputError("model.linear=false: without an MLP (model.hidden=[16]) nothing is left")
    if len(settings["hidden"]) > 2 or any(units < 1 for units in settings["hidden"]):
        raise InputError(f"model.hidden={settings['hidden']}: at most two layers, such as 16 or 64-64")
    if settings["near"] < 0 or settings["around"] < 0 or settings["quarter"] < 0 or settings["states"] < 0:
        raise InputError("model: near, around, quarter and states are counts from 0")
    if settings["max_t60"] <= 0:
        raise InputError(f"model.max_t60={settings['max_t60']}: give seconds above 0")
