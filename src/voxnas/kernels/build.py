"""Compilation of the native sources on first use, by the system's C++ compiler, for this machine's CPU."""

import ctypes
import functools
import hashlib
import os
import platform
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from voxnas.utils.errors import VoxnasError

SOURCES = Path(__file__).parent
# Of -ffast-math only what keeps NaN and infinity what they are: a diverged network must not look healthy.
FLAGS = ["-std=c++17", "-O3", "-fPIC", "-shared", "-ffp-contract=fast"]
FLAGS += ["-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros"]
# Two builds of one source, for CPUs of different vector width, must not share their templates' static data
OWN_SYMBOLS: tuple[list[str], ...] = (["-fno-gnu-unique"], [])  # of g++; clang knows neither flag nor problem
THREAD_FLAGS = ("-fopenmp", "-pthread")  # the first that builds a library that loads
CPU_FLAGS: tuple[list[str], ...] = (["-march=native"], ["-mcpu=native"], [])
if platform.machine().lower() in ("arm64", "aarch64"):  # where -march alone says nothing of the core
    CPU_FLAGS = (["-mcpu=native"], ["-march=native"], [])
BUILD_TIMEOUT_S = 120


class Unavailable(VoxnasError):
    """Native code cannot be used here, for the reason given; PyTorch can."""


def load(source: str) -> ctypes.CDLL:
    """Library built from `source`, a file beside this one; Unavailable without a working compiler."""
    found = _load(source)
    if isinstance(found, Unavailable):
        raise found
    return found


@functools.cache
def _load(source: str) -> ctypes.CDLL | Unavailable:
    """Library, or the reason that there is none; tried once per process."""
    try:
        return _open(source)
    except Unavailable as reason:
        return reason


def _open(source: str) -> ctypes.CDLL:
    if os.name != "posix":
        raise Unavailable("native code is built on Linux and macOS only")
    compiler, macros = _compiler()
    digest = hashlib.sha256("\0".join([*compiler, macros]).encode())
    for path in (SOURCES / source, *sorted(SOURCES.glob("*.h"))):
        digest.update(path.read_bytes())
    library = cache_folder() / f"{Path(source).stem}-{digest.hexdigest()[:20]}.so"
    if not library.exists():
        _compile(compiler, SOURCES / source, library)
    try:
        return ctypes.CDLL(str(library))
    except OSError as error:
        raise Unavailable(f"{library}: {error}; delete it to have it built again") from error


def _compiler() -> tuple[list[str], str]:
    """Compiler command with its flags, and its predefined macros, which tell its version and this CPU."""
    tried = []
    for command in _candidates():
        tried.append(shlex.join(command))
        for own, cpu in product(OWN_SYMBOLS, CPU_FLAGS):
            line = [*command, *FLAGS, *own, *cpu]
            found = _run([*line, "-dM", "-E", "-x", "c++", os.devnull])
            if found is not None and found.returncode == 0:
                return line, found.stdout
    install = "run xcode-select --install" if sys.platform == "darwin" else "install g++"
    raise Unavailable(
        f"no C++ compiler works (tried {', '.join(tried) or 'c++, g++, clang++'}); {install} or set CXX"
    )


def _candidates() -> Iterator[list[str]]:
    named = shlex.split(os.environ.get("CXX", ""))
    for command in [named] if named else [["c++"], ["g++"], ["clang++"]]:
        if shutil.which(command[0]):
            yield command


def _compile(compiler: list[str], source: Path, library: Path) -> None:
    """Compiles into a file beside `library` and renames it, so that others find a whole library or none."""
    handle, temporary = tempfile.mkstemp(dir=library.parent, prefix=library.stem, suffix=".tmp")
    os.close(handle)
    try:
        for threads in THREAD_FLAGS:
            result = _run([*compiler, threads, str(source), "-o", temporary])
            if result is None or result.returncode != 0:
                said = result.stderr.splitlines() if result else ["it takes too long, or cannot be run"]
                fault = next((line for line in said if "error" in line), [*said, "it says nothing"][0])
            elif (not_loaded := _why_not_loaded(temporary)) is not None:
                fault = f"what it builds does not load: {not_loaded}"
            else:
                os.replace(temporary, library)
                return
        raise Unavailable(f"{compiler[0]} cannot build {source.name}: {fault}")
    finally:
        Path(temporary).unlink(missing_ok=True)


def _why_not_loaded(library: str) -> str | None:
    """What a library lacks, None if nothing: a compiler may take -fopenmp where no OpenMP library is."""
    found = _run([sys.executable, "-c", "import ctypes, sys; ctypes.CDLL(sys.argv[1])", library])
    if found is None or found.returncode == 0:
        return None if found else "it cannot be tried"
    return found.stderr.strip().splitlines()[-1].removeprefix("OSError: ")


def _run(command: list[str]) -> "subprocess.CompletedProcess[str] | None":
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None


def cache_folder() -> Path:
    """Folder of the libraries; nobody else can write to it, since what is in it gets executed."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for folder in (home / "voxnas", Path(tempfile.gettempdir()) / f"voxnas-{os.getuid()}"):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        status = folder.lstat()
        private = status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if private and stat.S_ISDIR(status.st_mode) and os.access(folder, os.W_OK):
            return folder
    raise Unavailable(f"{home / 'voxnas'} cannot be a private folder; set XDG_CACHE_HOME to where one can be")
