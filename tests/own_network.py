"""A network of its own for services that listen on every interface: nothing outside the test reaches them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

ADDRESS = "10.81.0.1"  # of this machine in there; Slurm wants another than 127.0.0.1
_SET_UP = f"ip link set lo up && ip address add {ADDRESS}/32 dev lo && echo ready && exec sleep 1000"


@contextmanager
def own_network() -> Iterator[list[str]]:
    """What to put before a command so that it runs in there. Skips the test where there can be none."""
    for program in ("unshare", "nsenter", "ip"):
        if shutil.which(program) is None:
            pytest.skip(f"no network namespace: {program} is not installed (util-linux, iproute2)")
    root = os.geteuid() == 0
    unshare = ["unshare", "--net"] if root else ["unshare", "--user", "--map-root-user", "--net"]
    holder = subprocess.Popen(
        [*unshare, "sh", "-c", _SET_UP], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stderr is not None
        if holder.stdout.readline() != "ready\n":
            pytest.skip(f"no network namespace: {holder.stderr.read().strip()}")
        inside = [] if root else ["--user", "--preserve-credentials"]
        yield ["nsenter", "--target", str(holder.pid), "--net", *inside]
    finally:
        holder.kill()
        holder.communicate()
