"""Machines that are not this one, or this one watched: what compiles for them, and what runs the result."""

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

DEBIAN_S_WINE = "/usr/lib/wine/wine64"  # where its package wine64 alone puts it
ZIG = (sys.executable, "-m", "ziglang", "c++")


@dataclass(frozen=True)
class Foreign:
    """A machine.

    Args:
        compiler: the command, and flags that the target asks for.
        program: flags for a program beside that.
        library: flags for a library.
        emulator: the command that runs a program; empty where there is none.
        suffix: of programs.
        missing: what there is no compiler for, or an empty string.
    """

    compiler: tuple[str, ...]
    program: tuple[str, ...]
    library: tuple[str, ...]
    emulator: tuple[str, ...]
    suffix: str
    missing: str

    def environment(self, folder: Path) -> dict[str, str]:
        """What an emulator is told: Wine makes a Windows of its own in the folder."""
        return {"WINEPREFIX": str(folder / "windows"), "WINEDEBUG": "-all"}

    def run(self, program: Path, *arguments: object, folder: Path) -> str:
        """What the program says."""
        command = [*self.emulator, str(program), *map(str, arguments)]
        environment = os.environ | self.environment(folder)
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)
        assert done.returncode == 0, done.stderr
        return done.stdout


def _found(*names: str) -> tuple[str, ...]:
    return next(((path,) for name in names if (path := shutil.which(name))), ())


def _arm() -> Foreign:
    gxx = "aarch64-linux-gnu-g++"
    qemu = _found("qemu-aarch64", "qemu-aarch64-static")
    missing = "" if shutil.which(gxx) else f"there is no {gxx}"
    return Foreign((gxx,), ("-static",), ("-fPIC", "-shared", "-fopenmp"), qemu, "", missing)


def _windows() -> Foreign:
    target = ("-target", "x86_64-windows-gnu", "-mcpu=x86_64_v3")
    missing = "" if importlib.util.find_spec("ziglang") else "ziglang is not installed: ./setup.sh zig"
    return Foreign(
        (*ZIG, *target), (), ("-shared",), _found("wine64", "wine", DEBIAN_S_WINE), ".exe", missing
    )


def _watched() -> Foreign:
    """This machine with plain threads, under ThreadSanitizer: exit code 66 where two of them race."""
    missing = "" if shutil.which("g++") else "there is no g++"
    # some kernels scatter addresses too far for it
    steady = ("setarch", "-R") if shutil.which("setarch") else ()
    return Foreign(("g++", "-fsanitize=thread", "-g"), (), ("-fPIC", "-shared"), steady, "", missing)


ARM, WINDOWS, WATCHED = _arm(), _windows(), _watched()
