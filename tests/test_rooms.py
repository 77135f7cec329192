"""The rules of the house: which room may know of which, and what rooms that serve all may not name."""

import ast
import re
from pathlib import Path

import pytest
from scripts import ROOT

SRC = ROOT / "src"
PACKAGE = SRC / "voxnas"
FLOORS = [  # each room imports from its own floor and from those below
    {"utils"},
    {"audio", "drawing", "kernels", "records"},
    {"models"},
    {"engine", "export", "training"},
    {"problems"},
    {"search", "report"},
    {"callbacks"},
    {"tasks", "launchers"},
    {"commands"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
PROBLEMS = sorted(path.name for path in (PACKAGE / "problems").iterdir() if (path / "problem.py").is_file())

# Rooms that serve every problem; a space, a relaxed network, the first edition are of one kind each
SHARED = [*SRC.glob("*.py")]
SHARED += [
    p for room in ("commands", "tasks", "search", "records", "report") for p in (PACKAGE / room).rglob("*.py")
]
OF_ONE_KIND = re.compile(r"search/(spaces|darts)/|records/schema1|report/genotypes/")
SHARED = [p for p in SHARED if not OF_ONE_KIND.search(p.relative_to(SRC).as_posix())]
WORDS = re.compile(
    r"(?<![A-Za-z])(esr|asr|mrstft|aliasing|best_val_loss|val_esr|test_esr|val/esr|"  # metrics
    r"wavenets?|lstms?|grus?|convnets?|mlps?|"  # architectures
    r"ampmodule|pairdatamodule|amps?|nam|spectral|problems\.(?!base))(?![A-Za-z])",
    re.IGNORECASE,
)


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return {name for name in found if name.startswith("voxnas.")}


def room(module: str) -> str:
    return module.split(".")[1]


def test_every_room_is_on_a_floor():
    assert {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()} == set(FLOOR)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(SRC).as_posix())
def test_no_import_runs_back_up(path):
    own = path.relative_to(PACKAGE).parts[0]
    if own in FLOOR:
        above = {name for name in imports(path) if room(name) in FLOOR and FLOOR[room(name)] > FLOOR[own]}
        assert not above


@pytest.mark.parametrize("path", sorted(SRC.rglob("*.py")), ids=lambda p: p.relative_to(SRC).as_posix())
def test_a_problem_is_known_to_itself_alone(path):
    parts = path.relative_to(SRC).parts
    own = parts[2] if parts[:2] == ("voxnas", "problems") else None
    named = {name.split(".")[2] for name in imports(path) if name.startswith("voxnas.problems.")}
    assert not (named & set(PROBLEMS)) - {own}


@pytest.mark.parametrize("path", sorted(SHARED), ids=lambda p: p.relative_to(SRC).as_posix())
def test_what_serves_all_problems_names_none(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    named = [f"{number}: {line.strip()}" for number, line in enumerate(lines, 1) if WORDS.search(line)]
    assert not named
