"""Compilation of the native sources on first use, by the system's C++ compiler, for this machine's CPU.

Where the system has none, Zig's serves if the package ziglang is installed; on Windows it is the usual one.
"""

import ctypes
import functools
import hashlib
import importlib.util
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
PLACED = [] if os.name == "nt" else ["-fPIC"]
FLAGS = ["-std=c++17", "-O3", *PLACED, "-shared", "-ffp-contract=fast"]
FLAGS += ["-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros"]
# Two builds of one source, for CPUs of different vector width, must not share their templates' static data
OWN_SYMBOLS: tuple[list[str], ...] = (["-fno-gnu-unique"], [])  # of g++; clang knows neither flag nor problem
THREAD_FLAGS = ("-fopenmp", "-pthread")  # the first that builds a library that loads
CPU_FLAGS: tuple[list[str], ...] = (["-march=native"], ["-mcpu=native"], [])
if platform.machine().lower() in ("arm64", "aarch64"):  # where -march alone says nothing of the core
    CPU_FLAGS = (["-mcpu=native"], ["-march=native"], [])
USUAL = () if os.name == "nt" else ("c++", "g++", "clang++")  # there they want what few have
ZIG = "ziglang"  # a package of Python that holds a C++ compiler
LIBRARY = ".dll" if os.name == "nt" else ".so"
ASKED_S, BUILD_S = 120, 900  # at most; Zig builds a standard library of its own before the first of ours


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
    compiler, macros = _compiler()
    digest = hashlib.sha256("\0".join([*compiler, macros]).encode())
    for path in (SOURCES / source, *sorted(SOURCES.glob("*.h"))):
        digest.update(path.read_bytes())
    library = cache_folder() / f"{Path(source).stem}-{digest.hexdigest()[:20]}{LIBRARY}"
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
            # Of standard input, which is empty: a process that is killed meanwhile leaves no file behind
            found = _run([*line, "-dM", "-E", "-x", "c++", "-"], ASKED_S)
            if found is not None and found.returncode == 0:
                return line, found.stdout
    install = {"darwin": "run xcode-select --install", "win32": "python install.py zig installs one"}
    raise Unavailable(
        f"no C++ compiler works (tried {', '.join(tried) or ', '.join(USUAL) or 'none'}); "
        f"{install.get(sys.platform, 'install g++')} or set CXX"
    )


def _candidates() -> Iterator[list[str]]:
    named = shlex.split(os.environ.get("CXX", ""))
    for command in [named] if named else [[name] for name in USUAL]:
        if shutil.which(command[0]):
            yield command
    if not named and importlib.util.find_spec(ZIG):
        yield [sys.executable, "-m", ZIG, "c++"]


def _compile(compiler: list[str], source: Path, library: Path) -> None:
    """Compiles into a folder beside `library` and moves it, so that others find a whole library or none."""
    with tempfile.TemporaryDirectory(dir=library.parent, prefix=library.stem) as folder:
        built = Path(folder) / library.name  # beside it Windows' linkers put files of their own
        for threads in THREAD_FLAGS:
            result = _run([*compiler, threads, str(source), "-o", str(built)], BUILD_S)
            if result is None or result.returncode != 0:
                said = result.stderr.splitlines() if result else ["it takes too long, or cannot be run"]
                fault = next((line for line in said if "error" in line), [*said, "it says nothing"][0])
            elif (not_loaded := _why_not_loaded(str(built))) is not None:
                fault = f"what it builds does not load: {not_loaded}"
            else:
                os.replace(built, library)
                return
    name = "Zig" if ZIG in compiler else compiler[0]
    raise Unavailable(f"{name} cannot build {source.name}: {fault}")


def _why_not_loaded(library: str) -> str | None:
    """What a library lacks, None if nothing: a compiler may take -fopenmp where no OpenMP library is."""
    found = _run([sys.executable, "-c", "import ctypes, sys; ctypes.CDLL(sys.argv[1])", library], ASKED_S)
    if found is None or found.returncode == 0:
        return None if found else "it cannot be tried"
    return found.stderr.strip().splitlines()[-1].removeprefix("OSError: ")


def _run(command: list[str], most_s: float) -> "subprocess.CompletedProcess[str] | None":
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=most_s,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def cache_folder() -> Path:
    """Folder of the libraries; nobody else can write to it, since what is in it gets executed."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    if sys.platform == "win32":
        home = Path(os.environ.get("LOCALAPPDATA") or home)  # a user's own, as the system sees to
    for folder in (home / "voxnas", *_temporary_folders()):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if _is_private(folder) and os.access(folder, os.W_OK):
            return folder
    raise Unavailable(f"{home / 'voxnas'} cannot be a private folder; set XDG_CACHE_HOME to where one can be")


def _temporary_folders() -> list[Path]:
    if sys.platform == "win32":
        return []
    return [Path(tempfile.gettempdir()) / f"voxnas-{os.getuid()}"]


def _is_private(folder: Path) -> bool:
    if sys.platform == "win32":
        return True
    status = folder.lstat()
    own = status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return own and stat.S_ISDIR(status.st_mode)
