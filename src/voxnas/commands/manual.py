"""docs/commands.md, from the commands and the comments of the configs: `python -m voxnas.commands.manual`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from voxnas.commands.comments import Commented, Entry, read
from voxnas.commands.known import commands
from voxnas.commands.line import options_of
from voxnas.problems.commands import Command
from voxnas.utils.root import ROOT
from voxnas.utils.settings import kind_of

CONFIGS, PAGE = ROOT / "configs", ROOT / "docs" / "commands.md"
HIDDEN = {
    "design",
    "experiment_on",
    "hydra",
    "on_model",
    "paths",
    "shared",
}  # nobody chooses from them
INTRO = """# Commands

Made by `make docs-commands` from the configs; change their comments, not this page.

`python -m voxnas COMMAND` runs a command on every system. `KEY=VALUE` sets a key of the tables below,
`GROUP=NAME` chooses a config. `--name VALUE` is an option of a search; of a script it is `name=VALUE`.
`COMMAND --help` says what there is, `--dry-run` what would run. For completion of keys in bash:
`eval "$(python src/train.py -sc install=bash)"`."""


def page() -> str:
    """The whole page."""
    known = commands().values()
    searches = [command for command in known if command.study is not None]
    scripts = sorted((c for c in known if c.study is None), key=lambda c: c.name)
    parts = [INTRO, "## Searches", _searches(searches), *(part for c in scripts for part in _script(c))]
    parts += ["# Groups", "What `train` and the searches are put together from.", *_groups()]
    return "\n\n".join(parts) + "\n"


def _searches(searches: Iterable[Command]) -> str:
    rows = ((f"`{c.name}`", c.help, " ".join(f"`--{name}`" for name in options_of(c))) for c in searches)
    return _table(("command", "what it does", "options"), rows)


def _script(command: Command) -> Iterator[str]:
    config = _root(Path(command.steps[0].script).stem)
    if config is None:
        return
    found = read(config)
    yield f"## {command.name}"
    title = (found.title or command.help).rstrip(".")
    yield f"{title[0].upper()}{title[1:]}."
    if "train" in found.parents:
        yield "It takes the keys of `train` too."
    if found.examples:
        yield "\n".join(["```text", *found.examples, "```"])
    choices = [e for e in found.choices if (CONFIGS / e.key).is_dir() and e.key not in HIDDEN]
    groups = [Entry(f"{e.key}=", e.default, e.meaning or "a config, see Groups") for e in choices]
    yield _entries([*groups, *_with_inherited(found, config)])


def _root(script: str) -> Path | None:
    places = (CONFIGS / f"{script}.yaml", CONFIGS / "on_model" / f"{script}.yaml")
    return next((path for path in places if path.is_file()), None)


def _with_inherited(found: Commented, config: Path) -> list[Entry]:
    """A script's keys: its own, then those that it shares with others."""
    shared = []
    if config.parent.name == "on_model":
        shared += read(config.parent / "base.yaml").entries
        if any(choice.key == "/measuring@_here_" for choice in found.choices):
            shared += read(CONFIGS / "shared/measuring/default.yaml").entries
    own = {entry.key for entry in found.entries}
    return [*found.entries, *(entry for entry in shared if entry.key not in own)]


def _groups() -> Iterator[str]:
    for group in sorted(path for path in CONFIGS.rglob("*") if path.is_dir()):
        name = group.relative_to(CONFIGS).as_posix()
        options = {path: read(path) for path in sorted(group.glob("*.yaml"))}
        if not options or name.split("/")[0] in HIDDEN:
            continue
        yield f"## {name}="
        yield _table(("name", "what it is"), ((f"`{p.stem}`", _plain(c.title)) for p, c in options.items()))
        for path, config in options.items():
            if said := [entry for entry in config.entries if entry.meaning]:
                yield f"Keys of `{name}={path.stem}`:"
                yield _entries(said, "" if _is_global(path) else f"{name.replace('/', '.')}.")


def _is_global(path: Path) -> bool:
    return "@package _global_" in path.read_text(encoding="utf-8").partition("\n")[0]


def _entries(entries: Iterable[Entry], prefix: str = "") -> str:
    rows = (
        (
            f"`{prefix}{e.key}`",
            f"`{e.default}`" if e.default else "",
            _kind(f"{prefix}{e.key}"),
            _plain(e.meaning),
        )
        for e in entries
    )
    return _table(("key", "default", "takes", "meaning"), rows)


def _plain(text: str) -> str:
    return text.replace("<", "&lt;")


def _kind(key: str) -> str:
    kind = kind_of(key)
    return "" if kind is None else kind.wanted


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
