"""Identity of results as a hash, and the machine that they were made on."""

import hashlib
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

PACKAGES = ("voxnas", "torch", "lightning", "hydra-core", "numpy", "scipy")
_VECTOR_FLAG = re.compile(r"s?sse\d.*|avx.*|fma|f16c|neon.*|asimd.*|sve.*")


def identity(shaped_by: Mapping[str, Any]) -> str:
    """A short hash of plain values, the same for the same values in any order."""
    text = json.dumps(shaped_by, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def machine() -> dict[str, Any]:
    """CPU model and its vector instructions, cores that this process may use, operating system."""
    return {
        "cpu": cpu_model(),
        "cpu_flags": cpu_flags(),
        "cores": available_cores(),
        "system": platform.platform(terse=True),
    }


def cpu_model() -> str:
    """The CPU's name as the system gives it."""
    if sys.platform == "darwin":  # where the others say "arm" of an M1 and of an M4
        with suppress(OSError, subprocess.SubprocessError):
            command = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(
                command, capture_output=True, text=True, check=True, timeout=10
            ).stdout.strip()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def cpu_flags() -> str:
    """The CPU's vector instructions, such as "avx2 fma sse2", sorted; empty where the system does not tell.

    Together with the model they say what a figure of speed may be compared with: the same CPU behind a
    hypervisor that hides AVX-512 is another machine.
    """
    flags: set[str] = {"asimd"} if platform.machine().lower() in ("aarch64", "arm64") else set()
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() in ("flags", "Features"):  # x86, ARM
                flags |= {flag for flag in value.split() if _VECTOR_FLAG.fullmatch(flag)}
                break
    return " ".join(sorted(flags))


def available_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def versions() -> dict[str, str]:
    """The packages that shape a result."""
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in PACKAGES
    }


def git_revision(folder: Path) -> str | None:
    """The checkout's commit, with a + if files were changed since; None outside a checkout.

    Nothing is written: `git describe --dirty` locks the index, and one killed then leaves the lock behind.
    """
    status = ["status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    command = ["git", "-C", str(folder), "--no-optional-locks", *status]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    lines = done.stdout.splitlines()
    commit = next((line.split()[-1] for line in lines if line.startswith("# branch.oid")), "")
    changed = any(not line.startswith("#") for line in lines)
    return commit[:12] + "+" * changed if commit.isalnum() else None
