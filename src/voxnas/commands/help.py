"""What the commands say of themselves."""

from collections.abc import Iterable, Mapping

from voxnas.commands.line import JOBS, STUDY
from voxnas.problems.commands import Command, Option

USAGE = "python -m voxnas COMMAND [--option VALUE ...] [KEY=VALUE ...]"
END = """KEY=VALUE is any setting of the command's config: docs/commands.md has them all.
--dry-run shows what a command would run. `COMMAND --help` says more of one."""
OF_STUDIES = {
    STUDY: Option("study", "folder of the results under logs/nas (default: after the recording)"),
    JOBS: Option("n_jobs", "candidates trained side by side (default: the cores, at most 4)"),
}


def list_of(known: Mapping[str, Command]) -> str:
    """All commands, the searches first."""
    searches = [command for command in known.values() if command.study is not None]
    others = sorted((c for c in known.values() if c.study is None), key=lambda c: c.name)
    groups = [
        f"{title}:\n{_table((c.name, c.help[:1].upper() + c.help[1:]) for c in group)}"
        for title, group in (("searches", searches), ("single steps", others))
    ]
    return "\n\n".join([f"usage: {USAGE}", *groups, END])


def page_of(command: Command) -> str:
    """A command with its options."""
    own = dict(command.recordings.options) if command.recordings else {}
    options = {**own, **command.options, **(OF_STUDIES if command.study is not None else {})}
    rows = [(f"--{name} VALUE", option.help) for name, option in options.items()]
    usage = f"usage: python -m voxnas {command.name} [--option VALUE ...] [KEY=VALUE ...]"
    return "\n\n".join([usage, command.help, _table(rows), END])


def _table(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"  {name:<16}  {text}" for name, text in rows)
