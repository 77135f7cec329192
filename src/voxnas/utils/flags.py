"""Options in the way of other programs, `--file PATH`, where the scripts say `file=PATH`."""

import sys
from collections.abc import Collection, Sequence

from voxnas.utils.arguments import quoted


def as_overrides(arguments: Sequence[str], names: Collection[str]) -> list[str]:
    """The arguments with `--name VALUE` and `--name=VALUE` as `name='VALUE'` for these names.

    The value is quoted: unlike `name=VALUE` it may hold spaces and brackets as they are. Without a value
    the program ends with one line and exit code 2.
    """
    result: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.removeprefix("--").partition("=")
        if not argument.startswith("--") or name not in names:
            result.append(argument)
            continue
        if not equals:
            value = next(rest, "")
        if not value:
            print(f"error: --{name} needs a value: --{name} VALUE", file=sys.stderr)
            raise SystemExit(2)
        result.append(f"{name}={quoted(value)}")
    return result
