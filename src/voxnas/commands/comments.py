"""What the comments of a config's file say of its keys."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import yaml

OWN = ("_target_", "_partial_", "_convert_", "defaults", "hydra", "tool")  # of Hydra, and of how scripts work


@dataclass(frozen=True)
class Entry:
    """A key, its default as the file has it (empty for one that holds others), and what is said of it."""

    key: str
    default: str
    meaning: str


@dataclass(frozen=True)
class Commented:
    """A config's file: what it is, examples of its use, what its defaults build on and choose, its keys."""

    title: str
    examples: list[str]
    parents: list[str]
    choices: list[Entry]
    entries: list[Entry]


def read(path: Path) -> Commented:
    """The comments of a file."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    header = [line[1:] for line in takewhile(lambda line: line.startswith("#"), lines)]
    prose, examples = _header(header)
    root = yaml.compose(text)
    if not isinstance(root, yaml.MappingNode):
        return Commented(prose, examples, [], [], [])
    defaults = [item for key, value in root.value if key.value == "defaults" for item in value.value]
    parents = [str(item.value) for item in defaults if isinstance(item, yaml.ScalarNode)]
    head = ["" if number < len(header) else line for number, line in enumerate(lines)]
    choices = [
        entry for item in defaults if isinstance(item, yaml.MappingNode) for entry in _entries(item, head, "")
    ]
    return Commented(prose, examples, parents, choices, list(_entries(root, head, "")))


def _header(lines: list[str]) -> tuple[str, list[str]]:
    """Prose and examples; a line may hold both, and a backslash goes on with the next."""
    prose, examples = [], []
    for line in "\n".join(lines).replace("\\\n", "").splitlines():
        if line.strip().startswith("@package"):
            continue
        said, command, rest = line.partition("python src/")
        if said.strip():
            prose.append(said.strip().rstrip(":"))
        if command:
            examples.append(" ".join(f"{command}{rest}".split()))
    return "; ".join(prose), examples


def _entries(node: yaml.MappingNode, lines: list[str], prefix: str) -> Iterator[Entry]:
    for key, value in node.value:
        name, number = str(key.value), key.start_mark.line
        if name in OWN or name.startswith("override "):
            continue
        said = _above(lines[:number], " " * key.start_mark.column + "#")
        one_line = value.end_mark.line == number
        after = lines[number][value.end_mark.column if one_line else key.end_mark.column :]
        if comment := re.search(r"(?:^:?|\s)#\s*(.*)$", after):
            said.append(comment[1].strip())
        meaning = " ".join(said)
        if isinstance(value, yaml.MappingNode) and value.value:
            if meaning:
                yield Entry(f"{prefix}{name}", "", meaning)
            yield from _entries(value, lines, f"{prefix}{name}.")
        else:
            yield Entry(f"{prefix}{name}", _source(value, lines), meaning)


def _above(lines: list[str], margin: str) -> list[str]:
    """The lines of a comment that ends here."""
    found = takewhile(lambda line: line.startswith(margin), reversed(lines))
    return [line.strip(" #") for line in found][::-1]


def _source(value: yaml.Node, lines: list[str]) -> str:
    """A value as the file has it; of one over several lines that it is a list."""
    start, end = value.start_mark, value.end_mark
    return lines[start.line][start.column : end.column].strip() if start.line == end.line else "[…]"
