"""docs/commands.md says of every command and key what the configs say."""

import pytest
import yaml
from scripts import ROOT

from voxnas.commands.comments import read
from voxnas.commands.known import commands
from voxnas.commands.manual import HIDDEN, PAGE, page

CONFIGS = ROOT / "configs"
CONFIG = """
# @package _global_
# What it is
#   python src/train.py \\
#     seed=3
defaults:
  - data: demo  # what is heard
  - base

# As it was
# and is
rate: 48000
free: "a # b"    # text
parts:           # of it
  _target_: a.b
  size: 3
  list: [1, 2]   # two
  more:
    - 1
"""


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_make_docs_commands_writes(text):
    assert text == page()


def test_every_command_and_every_root_config_is_in_it(text):
    for command in commands().values():
        assert f"\n## {command.name}\n" in text or f"| `{command.name}` |" in text or command.name == "setup"
    for path in [*CONFIGS.glob("*.yaml"), *CONFIGS.glob("on_model/*.yaml")]:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        keys = [key for key in values if key not in ("defaults", "hydra", "tool")]
        assert [key for key in keys if f"| `{key}" not in text] == []


def test_every_group_that_one_chooses_from_is_in_it_with_its_configs(text):
    for path in CONFIGS.rglob("*/*.yaml"):
        group = path.parent.relative_to(CONFIGS).as_posix()
        if group.split("/")[0] not in HIDDEN:
            assert f"\n## {group}=\n" in text
            assert f"| `{path.stem}` |" in text


def test_comments_are_read_as_they_are_written(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG.lstrip())
    found = read(path)
    assert (found.title, found.examples) == ("What it is", ["python src/train.py seed=3"])
    assert found.parents == ["base"]
    assert [(e.key, e.default, e.meaning) for e in found.choices] == [("data", "demo", "what is heard")]
    assert [(e.key, e.default, e.meaning) for e in found.entries] == [
        ("rate", "48000", "As it was and is"),
        ("free", '"a # b"', "text"),
        ("parts", "", "of it"),
        ("parts.size", "3", ""),
        ("parts.list", "[1, 2]", "two"),
        ("parts.more", "[…]", ""),
    ]
