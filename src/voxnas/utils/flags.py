"""Options in the way of other programs, `--file PATH`, where the scripts say `file=PATH`."""

import re
import sys
from collections.abc import Collection, Sequence


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
        result.append(f"{name}={_quoted(value)}")
    return result


def _quoted(value: str) -> str:
    """Value in quotes as Hydra reads them: a backslash is one, but before a quotation mark or the end."""
    escaped = re.sub(r"(\\*)('|$)", lambda m: 2 * m[1] + ("\\'" if m[2] else ""), value)
    return f"'{escaped}'"
