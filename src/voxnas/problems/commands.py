"""What a command of `python -m voxnas` is: scripts one after the other, and options that say more to them.

A problem's commands are the list `COMMANDS` of its module `commands`; `make nas-NAME` runs the same.
Nothing here imports what takes time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Option:
    """`--name VALUE`, which becomes the override `key=VALUE`; `help` is its line in the list."""

    key: str
    help: str


@dataclass(frozen=True)
class Recordings:
    """What is trained on.

    Args:
        options: those that name files, and those that go with them.
        required: of these, what has to be there where one of them is.
        own: overrides where they are given.
        demo: overrides where none is.
        named_after: the option whose file gives a study its name; None where none does.
        name: that name where there is no such file.
    """

    options: Mapping[str, Option] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    demo: tuple[str, ...] = ()
    named_after: str | None = None
    name: str = "demo"


@dataclass(frozen=True)
class Step:
    """A script, by its path in the project, and its first arguments, `{study}` standing for the study's name.

    Args:
        open: whether it takes recordings, options and overrides.
        sweep: whether it trains candidates side by side. Its exit code 1 says that some failed, which the
            report shows: the steps after it are run, and the command ends with 1.
    """

    script: str
    arguments: tuple[str, ...] = ()
    open: bool = False
    sweep: bool = False


@dataclass(frozen=True)
class Command:
    """A command.

    Args:
        name: as it is typed.
        help: one line on what it does.
        steps: what it runs.
        recordings: None where it takes none.
        options: further ones.
        overrides: that it gives to its open steps.
        unless: overrides that it gives where none of these options is there.
        study: what a study's name has after that of the recording; None where there is no study.
    """

    name: str
    help: str
    steps: tuple[Step, ...]
    recordings: Recordings | None = None
    options: Mapping[str, Option] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    unless: tuple[tuple[tuple[str, ...], str], ...] = ()
    study: str | None = None


REPORT = Step("src/report.py", ("study={study}",))
SPACE = Option("space", "the space that is searched, a config of configs/space")


def search(kind: str) -> tuple[Step, ...]:
    """The steps of a search that sweeps over a space by itself."""
    return (_sweep(f"search={kind}"), REPORT)


def two_phases(space: str) -> tuple[Step, ...]:
    """The steps of a search that trains all of a space briefly, and the best half to the end."""
    promote = Step("src/promote.py", ("study={study}",))
    return (_sweep("search=phase1", f"space={space}"), promote, _sweep("search=phase2"), REPORT)


def any_search() -> tuple[Step, ...]:
    """The steps of a search that is said by overrides: `search=KIND space=NAME`."""
    return (_sweep(), REPORT)


def _sweep(*arguments: str) -> Step:
    return Step("src/train.py", ("-m", *arguments, "study={study}"), open=True, sweep=True)
