"""All commands: those of the problems, the scripts of `src/`, and set-up."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from voxnas.problems.commands import Command, Recordings, Step, any_search
from voxnas.utils.root import ROOT

SOURCES = ROOT / "src"
SHORT = {
    "inspect_pair": "inspect",
    "normalize_pair": "normalize",
    "make_demo": "demo",
    "realtime_demo": "play",
}
SETUP = Command(
    "setup", "make .venv, or install extras into it (setup notebook)", (Step("install.py", open=True),)
)

SWEEP = Command(
    "sweep",
    "any search, and its report (search=ladder space=plugin)",
    any_search(),
    Recordings(),
    study="sweep",
)


def commands() -> dict[str, Command]:
    """The commands by name. A problem's own stands for the script of its name."""
    known = {command.name: command for command in _of_problems()}
    scripts = [_of_script(path) for path in sorted(SOURCES.glob("*.py"))]
    own = [SWEEP, *(c for c in scripts if c.name not in known), SETUP]
    return {**known, **{command.name: command for command in own}}


def named(name: str, known: dict[str, Command]) -> Command | None:
    """A command by its name, or by that of its script; None where there is none."""
    script = name.replace("-", "_")
    return known.get(name) or known.get(SHORT.get(script, script)) or known.get(script.replace("_", "-"))


def _of_problems() -> Iterator[Command]:
    for path in sorted((SOURCES / "voxnas/problems").glob("*/commands.py")):
        module = ".".join(path.relative_to(SOURCES).with_suffix("").parts)
        yield from import_module(module).COMMANDS


def _of_script(path: Path) -> Command:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem
    line = said.splitlines()[0].partition(": `")[0].rstrip(".")
    name = SHORT.get(path.stem, path.stem.replace("_", "-"))
    return Command(name, line, (Step(f"src/{path.name}", open=True),))
