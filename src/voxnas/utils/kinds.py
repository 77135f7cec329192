"""Kinds of values that a setting may have, each with the words for what is wanted."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from voxnas.utils.names import not_a_folder


@dataclass(frozen=True)
class Kind:
    """What a setting may be.

    Args:
        wanted: as an error says it, after "give".
        fits: whether a value is of the kind.
        verbatim: whether it is text that is taken as it was typed, whatever it looks like.
        optional: whether null stands for none.
        is_path: whether it is a file or a folder.
        swept: whether a sweep may go over several; text with a comma in it is one text otherwise.
    """

    wanted: str
    fits: Callable[[Any], bool]
    verbatim: bool = False
    optional: bool = False
    is_path: bool = False
    swept: bool = True


def is_open(value: Any) -> bool:
    """Whether a value refers to another, or is still to be given."""
    return isinstance(value, str) and ("${" in value or value == "???")


def flag() -> Kind:
    return Kind("true or false", lambda value: isinstance(value, bool))


def whole(least: int | None = None, most: int | None = None) -> Kind:
    """A whole number, within limits that count as well."""
    return Kind(
        f"a whole number{_range(least, most)}",
        lambda v: isinstance(v, int) and not isinstance(v, bool) and _within(v, least, most),
    )


def number(
    least: float | None = None, most: float | None = None, above: float | None = None, finite: bool = True
) -> Kind:
    """A number, within limits that count as well; `above` does not."""

    def fits(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            return False
        lowest = above is None or value > above
        return lowest and _within(value, least, most) and not (finite and math.isinf(value))

    return Kind(f"a number{_range(least, most) if above is None else f' above {above:g}'}", fits)


def one_of(*words: Any) -> Kind:
    return Kind(f"one of {', '.join(map(str, words))}", lambda v: v in words and not isinstance(v, bool))


def text() -> Kind:
    """Text as it was typed, such as `5150`."""
    return Kind("text, in quotes where it looks like a number", _is_text, verbatim=True, swept=False)


def panel_value() -> Kind:
    """Where a knob or a switch stands, as it was typed."""
    wanted = "a knob's value or a switch's position, such as 7 or lead"
    return Kind(wanted, lambda v: isinstance(v, str | int | float), verbatim=True, swept=False)


def unknown(wanted: str) -> Kind:
    """A setting that there is not."""
    return Kind(wanted, lambda value: False)


def word() -> Kind:
    """Text that Hydra reads, so that it may be swept over."""
    return Kind("a word", _is_text)


def pattern(form: str, wanted: str) -> Kind:
    """Text of a certain form."""
    return Kind(wanted, lambda v: isinstance(v, str) and re.fullmatch(form, v.strip()) is not None)


def path() -> Kind:
    return Kind("a path", lambda v: isinstance(v, str) and v != "", verbatim=True, is_path=True)


def folder_name(most_bytes: int) -> Kind:
    """Name of a folder, as text."""

    def fits(value: Any) -> bool:
        return isinstance(value, str) and not not_a_folder(value, most_bytes)

    wanted = f"a name for a folder: text without slashes, at most {most_bytes} bytes (in a file, in quotes)"
    return Kind(wanted, fits, verbatim=True)


def listed(kind: Kind, example: str, count: int | None = None, may_be_empty: bool = False) -> Kind:
    """A list of values of one kind, of `count` if that is given."""

    def fits(value: Any) -> bool:
        if not isinstance(value, Sequence) or isinstance(value, str):
            return False
        enough = bool(value) or may_be_empty if count is None else len(value) == count
        return enough and all(is_open(item) or kind.fits(item) for item in value)

    return Kind(f"a list such as {example}", fits)


def either(*kinds: Kind) -> Kind:
    wanted = " or ".join(kind.wanted for kind in kinds)
    return Kind(wanted, lambda value: any(kind.fits(value) for kind in kinds))


def or_none(kind: Kind) -> Kind:
    return replace(
        kind,
        wanted=f"{kind.wanted}, or null",
        fits=lambda value: value is None or kind.fits(value),
        optional=True,
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _within(value: float, least: float | None, most: float | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)


def _range(least: float | None, most: float | None) -> str:
    low = "" if least is None else f" from {least:g}" if abs(least) < 1e6 else f" from {least}"
    return low if most is None else f"{low} to {most:g}" if abs(most) < 1e6 else f"{low} to {most}"
