"""The README's commands: what they name is there, and their settings compose."""

import re
import shlex
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from scripts import ROOT

from voxnas.utils.arguments import as_typed
from voxnas.utils.flags import as_overrides
from voxnas.utils.settings import METADATA, check_settings

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = "\n".join(re.findall(r"```bash\n(.*?)```", README, re.DOTALL)).replace("\\\n", " ")
SCRIPTS = [line.partition("python ")[2] for line in BLOCKS.splitlines() if "python src/" in line]
INLINE = [" ".join(code.split()) for code in re.findall(r"`(python src/[^`]*)`", README)]
COMMANDS = [*SCRIPTS, *(code.removeprefix("python ") for code in INLINE)]
MAKE = re.findall(r"(?:^|`)make ([a-z-]+)", f"{BLOCKS}\n{README}", re.MULTILINE)
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


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_composes(composed, command):
    script, *arguments = shlex.split(command, comments=True)
    name = Path(script).stem
    assert (ROOT / script).is_file()
    root = next(r for r in (name, f"on_model/{name}") if (ROOT / "configs" / f"{r}.yaml").is_file())
    arguments = as_overrides([a for a in arguments if a not in ("-m", "…")], {"file", "output", "model"})
    groups = (ROOT / "configs" / root).parent
    typed = as_typed(arguments, lambda key: (groups / key).is_dir())
    typed = [a for a in typed if not any(launcher in a for launcher in LAUNCHERS_ELSEWHERE)]
    typed = [a for a in typed if not a.startswith("hydra.launcher.")]
    check_settings(composed(root, *map(single, typed)))


@pytest.mark.parametrize("target", sorted(set(MAKE)))
def test_a_target_of_make_is_there(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_metadata_is_set_by_the_names_that_the_readme_says(composed):
    config = composed("train", "export.metadata.name=MyAmp", "export.metadata.input_level_dbu=12.5")
    assert (config.callbacks.export.metadata.name, config.export.metadata.input_level_dbu) == ("MyAmp", 12.5)
    fields = {*METADATA} - {"*"}
    assert {*config.export.metadata} == fields == {*composed("on_model/export", "model=m").metadata}
