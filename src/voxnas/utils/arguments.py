"""Arguments as they were typed: names and paths are text, whatever they look like to Hydra."""

import os
import re
from collections.abc import Callable, Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, QuotedString
from hydra.errors import HydraException

from voxnas.utils.kinds import Kind
from voxnas.utils.settings import kind_of


def as_typed(arguments: Sequence[str], is_group: Callable[[str], bool]) -> list[str]:
    """The arguments with the values of text, names and paths in quotes where Hydra would take them for
    something else, and `~` as the home folder.

    What Hydra reads as the same text stays as it is, and so do values in quotes of their own, references to
    other values, and in a sweep values with a comma that are no file's name. `is_group` tells the keys by
    which a config is chosen.
    """
    sweeping = any(a in ("-m", "--multirun") or a.startswith("search=") for a in arguments)
    return [_as_typed(argument, is_group, sweeping) for argument in arguments]


def _as_typed(argument: str, is_group: Callable[[str], bool], sweeping: bool) -> str:
    key, equals, value = argument.partition("=")
    name = key.lstrip("+")
    kind = kind_of(name)
    if not equals or kind is None or not kind.verbatim or is_group(name) or "${" in value:
        return argument
    override = parsed(argument)
    found = None if override is None else override.value()
    if isinstance(found, QuotedString):
        return _at_home(key, found.text, kind) or argument
    if override is not None and (isinstance(found, str) or (found is None and kind.optional)):
        return _at_home(key, found or "", kind) or argument
    is_sweep = override is not None and override.is_sweep_override()
    if is_sweep and sweeping and kind.swept and not os.path.exists(os.path.expanduser(value)):
        return argument
    return _at_home(key, value, kind) or f"{key}={quoted(value)}"


def _at_home(key: str, value: str, kind: Kind) -> str | None:
    """The argument with the home folder in place of `~`, if it is a path that begins so."""
    if not kind.is_path or not value.startswith("~") or os.path.exists(value):
        return None
    return f"{key}={quoted(os.path.expanduser(value))}"


def opened(arguments: Sequence[str], groups: Sequence[str]) -> list[str]:
    """The arguments, those with a key in one of these groups such that Hydra takes it though it is new."""
    return [
        f"++{a}" if a.partition("=")[0].partition(".")[0] in groups and "." in a else a for a in arguments
    ]


def parsed(argument: str) -> Override | None:
    """An argument as Hydra reads it; None if it cannot."""
    try:
        return OverridesParser.create().parse_override(argument)
    except HydraException:
        return None


def quoted(value: str) -> str:
    """Value in quotes as Hydra reads them: a backslash is one, but before a quotation mark or the end."""
    escaped = re.sub(r"(\\*)('|$)", lambda m: 2 * m[1] + ("\\'" if m[2] else ""), value)
    return f"'{escaped}'"
