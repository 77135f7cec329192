"""What made a result, as a hash; and where it was made."""

import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PACKAGES = ("voxnas", "torch", "lightning", "hydra-core", "numpy", "scipy")


def identity(shaped_by: Mapping[str, Any]) -> str:
    """A short hash of plain values, the same for the same values in any order."""
    text = json.dumps(shaped_by, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def machine() -> dict[str, Any]:
    """CPU model, cores that this process may use, operating system."""
    return {"cpu": cpu_model(), "cores": available_cores(), "system": platform.platform(terse=True)}


def cpu_model() -> str:
    """The CPU's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def available_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def versions() -> dict[str, str]:
    """The packages that shape a result."""
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in PACKAGES
    }


def git_revision(folder: Path) -> str | None:
    """The checkout's commit, with a + if files were changed since; None outside a checkout."""
    try:
        command = [
            "git",
            "-C",
            str(folder),
            "describe",
            "--always",
            "--dirty=+",
            "--abbrev=12",
            "--exclude=*",
        ]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
