"""The front of `python -m voxnas`: which command, or what there is."""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence

from voxnas.commands.help import list_of, page_of
from voxnas.commands.known import commands, named
from voxnas.commands.line import options_of, parse
from voxnas.commands.run import run
from voxnas.commands.steps import Call, calls
from voxnas.utils.errors import InputError

USER_ERROR = 2


def main(arguments: Sequence[str]) -> int:
    """Runs a command; its exit code: 1 if candidates failed, 2 for bad input, 130 for Ctrl-C."""
    try:
        return _run(list(arguments))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return USER_ERROR


def _run(arguments: list[str]) -> int:
    known = commands()
    if not arguments or arguments[0] in ("--help", "-h", "help"):
        print(list_of(known))
        return 0
    name, *rest = arguments
    command = named(name, known)
    if command is None:
        raise InputError(f"no command {name}; python -m voxnas --help lists those there are")
    line = parse(command, rest)
    if line.help and options_of(command):
        print(page_of(command))
        return 0
    if line.help:  # the script's own says more
        line.overrides.append("--help")
    composed = calls(command, line)
    if line.dry_run:
        print(*map(_shown, composed), sep="\n")
        return 0
    return run(composed)


def _shown(call: Call) -> str:
    return subprocess.list2cmdline(call.shown) if os.name == "nt" else shlex.join(call.shown)
