"""The processes that a command starts, from what was typed."""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from voxnas.commands.line import JOBS, STUDY, Line, options_of
from voxnas.problems.commands import Command, Recordings
from voxnas.utils.cores import cores
from voxnas.utils.errors import InputError
from voxnas.utils.root import ROOT

MOST_JOBS = 4  # candidates side by side where nobody says how many: of more, each is slow


@dataclass(frozen=True)
class Call:
    """A process: its command line, and whether its exit code 1 lets what follows go on."""

    command: list[str]
    may_fail: bool

    @property
    def shown(self) -> list[str]:
        """The command line as one would type it with the environment active."""
        return ["python", *self.command[1:]]


def calls(command: Command, line: Line) -> list[Call]:
    """The calls of a command in their order. Raises InputError where options do not go together."""
    study = line.options.get(STUDY) or study_name(command, line)
    given = _last_of_each(_given(command, line))
    result = []
    for step in command.steps:
        arguments = [argument.replace("{study}", study) for argument in step.arguments]
        arguments += _launcher(line) if step.sweep else []
        arguments += given if step.open else []
        result.append(Call([sys.executable, _path(step.script), *arguments], step.sweep))
    return result


def study_name(command: Command, line: Line) -> str:
    """The name of a study that was given none: after the recording and the search."""
    if command.study is None or command.recordings is None:
        return ""
    recordings, file = command.recordings, None
    if recordings.named_after is not None:
        file = line.options.get(recordings.named_after)
    stem = re.sub(r"\.[^.]*$", "", os.path.basename(file)) if file else recordings.name
    return f"{re.sub(r'[^A-Za-z0-9._-]', '_', stem)}-{command.study}"


def _given(command: Command, line: Line) -> Iterator[str]:
    """Recordings, options, overrides."""
    if not options_of(command):  # a script alone
        yield from (f"{name.replace('-', '_')}={value}" for name, value in line.options.items())
    if command.recordings is not None:
        yield from _recordings(command.recordings, line)
    yield from command.overrides
    yield from (text for options, text in command.unless if not line.options.keys() & set(options))
    for name, option in command.options.items():
        if name in line.options:
            yield f"{option.key}={line.options[name]}"
    yield from line.overrides


def _last_of_each(arguments: Iterable[str]) -> list[str]:
    """What is given twice, such as the space, once: as it was given last."""
    found: dict[object, str] = {}
    for number, argument in enumerate(arguments):
        found[argument.partition("=")[0] if "=" in argument else number] = argument
    return list(found.values())


def _recordings(recordings: Recordings, line: Line) -> Iterator[str]:
    given = [name for name in recordings.options if name in line.options]
    if not given:
        yield from recordings.demo
        return
    if missing := [name for name in recordings.required if name not in line.options]:
        raise InputError(f"--{given[0]} goes with --{missing[0]}: give --{' FILE --'.join(missing)} FILE")
    yield from recordings.own
    yield from (f"{recordings.options[name].key}={line.options[name]}" for name in given)


def _launcher(line: Line) -> list[str]:
    """One candidate per core: together they train more than one after the other on all cores."""
    if any(override.startswith("hydra/launcher=") for override in line.overrides):
        return []
    jobs = line.options.get(JOBS) or str(_usual_jobs())
    if not re.fullmatch(r"-1|[1-9]\d*", jobs):
        raise InputError(f"--jobs {jobs}: give a whole number from 1, or -1 for all cores")
    return [] if jobs == "1" else ["hydra/launcher=joblib", f"hydra.launcher.n_jobs={jobs}"]


def _usual_jobs() -> int:
    threads = os.environ.get("OMP_NUM_THREADS", "")
    return min(MOST_JOBS, int(threads) if threads.isdigit() and int(threads) else cores())


def _path(script: str) -> str:
    return script if Path.cwd() == ROOT else str(ROOT / script)
