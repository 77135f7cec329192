"""The cost of a model as another program tells it, such as the plug-in's own benchmark."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voxnas.utils.errors import InputError

UNITS = ("ms_per_block", "us_per_block", "ms_total", "rtf", "times_realtime")
PLACEHOLDERS = ("{model}", "{block_size}", "{sample_rate}")


@dataclass(frozen=True)
class Command:
    """A program that times an exported model and prints the figure.

    Args:
        run: the command line, as a list or as one string that is split as a shell would; no shell runs it.
            In it {model} stands for the model's file, {block_size} for samples, {sample_rate} for Hz.
        pattern: a regular expression; what its one group found last in the output is the figure.
        unit: of the figure: "ms_per_block", "us_per_block"; "ms_total" for as many samples as `samples` says;
            "rtf", processing time over audio time; or "times_realtime", the inverse.
        samples: see `unit`.
        timeout_s: for one run of the program.

    Raises:
        InputError: a setting that cannot be, or a program that is not there.
    """

    run: Sequence[str] | str
    pattern: str = r"([0-9.]+) *ms"
    unit: str = "ms_per_block"
    samples: int | None = None
    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        if not self.arguments or not any("{model}" in argument for argument in self.arguments):
            raise InputError('command.run: give the program and its arguments, such as "bench {model}"')
        if self.unit not in UNITS:
            raise InputError(f"command.unit={self.unit} is unknown; one of {', '.join(UNITS)}")
        if (self.unit == "ms_total") != (self.samples is not None) or (
            self.samples is not None and self.samples < 1
        ):
            raise InputError("command.samples: how many samples unit=ms_total is for, and for that unit only")
        try:
            groups = re.compile(self.pattern).groups
        except re.error as error:
            raise InputError(f"command.pattern={self.pattern} is no regular expression ({error})") from error
        if groups != 1:
            raise InputError(
                f"command.pattern={self.pattern} has {groups} groups; one, the figure, is needed"
            )
        if shutil.which(self.arguments[0]) is None:
            raise InputError(f"command.run: no program {self.arguments[0]}; check its path")

    @property
    def arguments(self) -> list[str]:
        """Command line, its placeholders in place."""
        if isinstance(self.run, str):
            try:
                return shlex.split(self.run)
            except ValueError as error:
                raise InputError(f"command.run={self.run} cannot be split ({error})") from error
        return [str(argument) for argument in self.run or []]

    @property
    def name(self) -> str:
        """Name of the program for records: "command:bench"."""
        return f"command:{Path(self.arguments[0]).name}"

    @property
    def takes_block_size(self) -> bool:
        """True if the program is told the block size; otherwise it has one of its own."""
        return any("{block_size}" in argument for argument in self.arguments)

    def rtf(self, model: Path, block_size: int, sample_rate: int) -> float:
        """Fraction of real time, from one run of the program. InputError, in one line, if there is none."""
        output = self._output(model, block_size, sample_rate)
        found = re.findall(self.pattern, output, re.MULTILINE)
        if not found:
            raise InputError(f"{self._shown}: command.pattern={self.pattern} is not in {_last_line(output)}")
        try:
            figure = float(found[-1])
        except ValueError:
            raise InputError(f"{self._shown}: {found[-1]!r} is not a number; mend command.pattern") from None
        if not 0 < figure < float("inf"):
            raise InputError(f"{self._shown}: told {found[-1]}, which is no time")
        return self._to_rtf(figure, block_size, sample_rate)

    def _to_rtf(self, figure: float, block_size: int, sample_rate: int) -> float:
        match self.unit:
            case "rtf":
                return figure
            case "times_realtime":
                return 1 / figure
            case "ms_total":
                return figure * sample_rate / (1000 * (self.samples or 1))
            case "us_per_block":
                figure /= 1000
        return figure * sample_rate / (1000 * block_size)

    def _output(self, model: Path, block_size: int, sample_rate: int) -> str:
        values = dict(zip(PLACEHOLDERS, (str(model), str(block_size), str(sample_rate)), strict=True))
        line = [_filled(argument, values) for argument in self.arguments]
        try:
            done = subprocess.run(
                line,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self.timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise InputError(
                f"{self._shown}: not done after {self.timeout_s:g} s; raise command.timeout_s"
            ) from None
        except OSError as error:
            raise InputError(f"{self._shown}: cannot be run ({error.strerror})") from error
        if done.returncode:
            said = _last_line(done.stderr if done.stderr.strip() else done.stdout)
            raise InputError(f"{self._shown}: failed with exit code {done.returncode}: {said}")
        return done.stdout + done.stderr

    @property
    def _shown(self) -> str:
        return shlex.join(self.arguments)


def _filled(argument: str, values: dict[str, str]) -> str:
    """Fills in placeholders in one pass, so that a path that holds one stays as it is."""
    return re.sub("|".join(map(re.escape, values)), lambda found: values[found[0]], argument)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no output"
