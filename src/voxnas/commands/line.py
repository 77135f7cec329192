"""The arguments of a command: options in the way of other programs, and overrides in Hydra's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from voxnas.problems.commands import Command
from voxnas.utils.errors import InputError

OF_HYDRA = {  # whether a value follows
    **dict.fromkeys(("--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp"), True),
    **dict.fromkeys(("--package", "-p", "--cfg", "-c", "--info", "-i"), True),
    **dict.fromkeys(("--shell-completion", "-sc", "--experimental-rerun"), True),
    **dict.fromkeys(("--multirun", "-m", "--resolve", "--run", "-r", "--hydra-help", "--version"), False),
}
STUDY, JOBS = "study", "jobs"


@dataclass
class Line:
    """What was typed after a command's name."""

    options: dict[str, str] = field(default_factory=dict)
    overrides: list[str] = field(default_factory=list)
    dry_run: bool = False
    help: bool = False


def parse(command: Command, arguments: Sequence[str]) -> Line:
    """The arguments of a command, read; InputError with one line about what it does not take.

    Of a script alone `--key VALUE` is `key=VALUE` for every key of its config.
    """
    line, rest, known = Line(), iter(arguments), options_of(command)
    for argument in rest:
        flag, equals, value = argument.partition("=")
        if argument == "--dry-run":
            line.dry_run = True
        elif argument in ("--help", "-h"):
            line.help = True
        elif flag in OF_HYDRA:
            line.overrides += (
                [argument, *_value_of(flag, rest)] if OF_HYDRA[flag] and not equals else [argument]
            )
        elif flag.startswith("--"):
            name = flag.removeprefix("--")
            if known and name not in known:
                raise InputError(f"{command.name}: no option {flag}; there are --{', --'.join(known)}")
            value = value if equals else next(_value_of(flag, rest))
            if not value:
                raise InputError(f"{flag} needs a value: {flag} VALUE")
            line.options[name] = value
        elif known and "=" not in argument and not argument.startswith("~"):
            raise InputError(f"{command.name}: {argument} is neither an option (--name VALUE) nor KEY=VALUE")
        else:
            line.overrides.append(argument)
    return line


def options_of(command: Command) -> list[str]:
    """The names of a command's options; none for a script alone, which has those of its config."""
    own = [*(command.recordings.options if command.recordings else ()), *command.options]
    return own if command.study is None else [*own, STUDY, JOBS]


def _value_of(flag: str, rest: Iterator[str]) -> Iterator[str]:
    value = next(rest, "")
    if not value:
        raise InputError(f"{flag} needs a value: {flag} VALUE")
    yield value
