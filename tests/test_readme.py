"""README and docs: what their commands name is there, settings compose, links lead somewhere."""

import re
import shlex
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from scripts import ROOT

from voxnas.commands.front import main
from voxnas.utils.arguments import as_typed, opened
from voxnas.utils.flags import as_overrides
from voxnas.utils.settings import METADATA, check_settings

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
BLOCKS = "\n".join(re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)).replace("\\\n", " ")
SCRIPTS = [line.partition("python ")[2] for line in BLOCKS.splitlines() if "python src/" in line]
INLINE = [" ".join(code.split()) for code in re.findall(r"`(python src/[^`]*)`", TEXT)]
COMMANDS = [*SCRIPTS, *(code.removeprefix("python ") for code in INLINE)]
MAKE = re.findall(r"(?:^|`)make ([a-z-]+)", f"{BLOCKS}\n{TEXT}", re.MULTILINE)
BENCHMARKS = re.findall(r"python (benchmarks/\w+\.py)", TEXT)
LINKS = [
    (page, link)
    for page in PAGES
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
]
OWN = ("two_filters", "peaks", "smallest")  # of CONTRIBUTING.md, whose own test runs them
LAUNCHERS_ELSEWHERE = ("submitit", "ray")  # which are extras


def single(override: str) -> str:
    """The first of the values that a sweep goes over."""
    try:
        parsed = OverridesParser.create().parse_override(override)
    except HydraException:
        return override
    return (
        f"{parsed.key_or_group}={next(iter(parsed.sweep_string_iterator()))}"
        if parsed.is_sweep_override()
        else override
    )


def test_there_are_commands_to_try():
    assert len(SCRIPTS) > 10


@pytest.mark.parametrize("command", [c for c in COMMANDS if not any(own in c for own in OWN)])
def test_a_command_composes(composed, command):
    script, *arguments = shlex.split(command, comments=True)
    name = Path(script).stem
    assert (ROOT / script).is_file()
    root = next(r for r in (name, f"on_model/{name}") if (ROOT / "configs" / f"{r}.yaml").is_file())
    arguments = as_overrides([a for a in arguments if a not in ("-m", "…")], {"file", "output", "model"})
    groups = (ROOT / "configs" / root).parent
    typed = as_typed(arguments, lambda key: (groups / key).is_dir())
    typed = opened(typed, ["controls"])
    typed = [a for a in typed if not any(launcher in a for launcher in LAUNCHERS_ELSEWHERE)]
    typed = [a for a in typed if not a.startswith("hydra.launcher.")]
    check_settings(composed(root, *map(single, typed)))


@pytest.mark.parametrize("target", sorted(set(MAKE)))
def test_a_target_of_make_is_there(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", sorted(set(BENCHMARKS)))
def test_a_benchmark_is_there(path):
    assert (ROOT / path).is_file()


@pytest.mark.parametrize(("page", "link"), LINKS, ids=lambda value: getattr(value, "name", value))
def test_a_link_leads_somewhere(page, link):
    assert (page.parent / link).exists()


def test_the_questions_quote_what_the_project_says():
    questions = re.findall(
        r"^\*\*(.*?)\*\*", (ROOT / "docs/faq.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    quoted = [words for question in questions for words in re.findall(r'"([^"]+)"', question)]
    own = [path for kind in ("*.py", "*.mjs") for path in (ROOT / "src").rglob(kind)]
    places = [ROOT / "setup.sh", ROOT / "install.py", *own]
    said = "\n".join(place.read_text(encoding="utf-8") for place in places)
    assert len(quoted) >= 5
    assert [words for words in quoted if words not in said] == []


def test_the_readme_is_a_door_and_not_the_house():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_every_page_is_reached_from_the_readme():
    linked = {link for page, link in LINKS if page.name == "README.md"}
    assert {str(page.relative_to(ROOT)) for page in PAGES[1:]} <= linked


def test_metadata_is_set_by_the_names_that_the_readme_says(composed):
    config = composed("train", "export.metadata.name=MyAmp", "export.metadata.input_level_dbu=12.5")
    assert (config.callbacks.export.metadata.name, config.export.metadata.input_level_dbu) == ("MyAmp", 12.5)
    fields = {*METADATA} - {"*"}
    assert {*config.export.metadata} == fields == {*composed("on_model/export", "model=m").metadata}


FRONT = re.findall(r"(?:^|`)python -m voxnas ([a-z][^`\n]*)", TEXT, re.MULTILINE)


@pytest.mark.parametrize("line", sorted(set(FRONT)))
def test_a_command_of_the_front_is_one(capsys, line):
    arguments = [a for a in shlex.split(line) if a not in ("…", "key=value")]
    assert main([*arguments, "--dry-run"]) == 0
    steps = [shlex.split(step)[1] for step in capsys.readouterr().out.splitlines()]
    assert steps
    assert all((ROOT / step).is_file() for step in steps)
