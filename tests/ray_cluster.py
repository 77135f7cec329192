"""A Ray cluster of one node, this machine, for the length of a test: in its own network, with a token."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from own_network import ADDRESS, own_network
from processes import running

RAY = [sys.executable, "-m", "ray.scripts.scripts"]
HEAD = f"{ADDRESS}:6379"
# Ports that Ray looks for itself it waits for, and gives up on a busy machine
_PORTS = {
    "port": 6379,
    "metrics-export-port": 7001,
    "dashboard-agent-grpc-port": 7002,
    "dashboard-agent-listen-port": 7003,
    "runtime-env-agent-port": 7004,
}
_OF_THE_PROJECT = ("PYTHONPATH", "VOXNAS_")  # a cluster that has been running knows nothing of it


class RayCluster(NamedTuple):
    """`prefix` goes before a command that is to run in the cluster's network; `environment` lets it in."""

    prefix: list[str]
    environment: dict[str, str]
    address: str = HEAD


@contextmanager
def ray_cluster() -> Iterator[RayCluster]:
    """Start it; skips the test with the reason where that is not possible."""
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    with TemporaryDirectory(prefix="ray-", dir="/tmp") as path, own_network() as prefix:  # paths of sockets
        started = [*RAY, "start", "--head", "--block", f"--node-ip-address={ADDRESS}"]
        ports = [f"--{name}={port}" for name, port in _PORTS.items()]
        limits = ["--num-cpus=2", "--object-store-memory=80000000", "--include-dashboard=false"]
        bare = ["env", *(f"--unset={name}" for name in os.environ if name.startswith(_OF_THE_PROJECT))]
        head = [*prefix, *bare, *started, *ports, *limits, "--disable-usage-stats", f"--temp-dir={path}/ray"]
        with running(head, Path(path), token):
            _await_head(prefix, token, Path(path))
            yield RayCluster(prefix, token)


def _await_head(prefix: list[str], token: dict[str, str], folder: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        status = [*prefix, *RAY, "status", f"--address={HEAD}"]
        asked = subprocess.run(status, env=os.environ | token, capture_output=True, text=True)
        if "/2.0 CPU" in asked.stdout:
            return
        if time.monotonic() > deadline:
            said = "".join(path.read_text()[-1000:] for path in folder.glob("*.out"))
            pytest.skip(f"Ray does not start here: {asked.stderr[-500:]} {said}")
        time.sleep(0.5)
