"""`search_space`, the name that `params` had in hydra-optuna-sweeper, and the form that its entries had."""

import re
from collections.abc import Mapping
from typing import Any

from voxnas.utils.errors import InputError


def parameters(params: Mapping[str, Any] | None, search_space: Mapping[str, Any] | None) -> Any:
    """The parameters by config key, whichever name they were given under, as `FlatSpace` takes them.

    Raises:
        InputError: both are given, or an entry is no distribution.
    """
    if not search_space:
        return params
    if params:
        raise InputError(
            "hydra.sweeper.search_space is the old name of hydra.sweeper.params: give one of the two"
        )
    return {
        str(key): _words(str(key), value) if isinstance(value, Mapping) else value
        for key, value in search_space.items()
    }


def _words(key: str, entry: Mapping[str, Any]) -> str:
    """`{type: int, low: 1, high: 9, log: true}` in an override's words, `tag(log,int(interval(1,9)))`."""
    try:
        kind = entry["type"]
        if kind == "categorical":
            return f"choice({','.join(map(_quoted, entry['choices']))})"
        number = {"int": int, "float": float}[kind]
        low, high, step = number(entry["low"]), number(entry["high"]), entry.get("step")
    except (KeyError, TypeError, ValueError) as error:
        known = "type: categorical with choices, or type: int or float with low and high"
        raise InputError(f"hydra.sweeper.search_space.{key}: {known}") from error
    if step:  # with its end, which Hydra's range leaves out
        return f"range({low!r},{high + (1 if kind == 'int' else number(step) / 2)!r},{number(step)!r})"
    interval = f"interval({low!r},{high!r})" if kind == "float" else f"int(interval({low!r},{high!r}))"
    return f"tag(log,{interval})" if entry.get("log") else interval


def _quoted(value: Any) -> str:
    if not isinstance(value, str):
        return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    return value if re.fullmatch(r"[\w.+-]+", value) else "'" + value.replace("'", "\\'") + "'"
