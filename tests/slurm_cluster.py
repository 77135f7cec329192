"""A Slurm cluster of one node, this machine, for the length of a test.

It wants Debian's slurmctld, slurmd, slurm-client and munge (`make test-services`).
"""

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from getpass import getuser
from pathlib import Path
from typing import NamedTuple

import pytest
from own_network import ADDRESS, own_network
from processes import running

CONFIG = """\
ClusterName=voxnas
SlurmctldHost={host}({address})
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=0
KillWait=5
ReturnToService=2
NodeName={host} NodeAddr={address} CPUs={cpus} RealMemory=4000 State=UNKNOWN
PartitionName=only Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class SlurmCluster(NamedTuple):
    """`prefix` goes before a command that is to run in the cluster's network, with `environment`."""

    prefix: list[str]
    environment: dict[str, str]

    def ask(self, *command: str) -> str:
        """What one of Slurm's programs prints."""
        done = subprocess.run(
            [*self.prefix, *command], env=os.environ | self.environment, capture_output=True, text=True
        )
        return done.stdout + done.stderr


@contextmanager
def slurm_cluster(folder: Path) -> Iterator[SlurmCluster]:
    """Start it; skips the test with the reason where that is not possible."""
    for program in ("munged", "slurmctld", "slurmd", "sbatch"):
        if shutil.which(program, path=_path()) is None:
            pytest.skip(f"{program} is not installed; Debian, Ubuntu: make test-services")
    _configure(folder)
    with ExitStack() as stack:
        prefix = stack.enter_context(own_network())
        stack.enter_context(running([*prefix, "munged", *_munge_options(folder)], folder))
        for daemon in ("slurmctld", "slurmd"):
            stack.enter_context(running([*prefix, daemon, "-D", "-f", f"{folder}/slurm.conf"], folder))
        cluster = SlurmCluster(prefix, {"SLURM_CONF": f"{folder}/slurm.conf"})
        _await_node(cluster, folder)
        yield cluster
        cluster.ask("scancel", "--me")


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])


def _configure(folder: Path) -> None:
    for name in ("state", "spool"):
        (folder / name).mkdir()
    settings = {"host": socket.gethostname(), "address": ADDRESS, "user": getuser(), "folder": folder}
    (folder / "slurm.conf").write_text(CONFIG.format(**settings, cpus=os.cpu_count()))
    key = folder / "munge.key-file"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o600)


def _munge_options(folder: Path) -> list[str]:
    names = ("socket", "pid-file", "log-file", "seed-file", "key-file")
    # --force: its socket in a folder that nobody else may enter, as pytest makes them
    return ["--foreground", "--force", *(f"--{name}={folder}/munge.{name}" for name in names)]


def _await_node(cluster: SlurmCluster, folder: Path) -> None:
    deadline = time.monotonic() + 30
    while "idle" not in (said := cluster.ask("sinfo", "--noheader", "--format=%t")):
        if time.monotonic() > deadline:
            logs = "".join(path.read_text()[-500:] for path in folder.glob("slurm*.out"))
            pytest.skip(f"Slurm does not start here: {said.strip()}; {logs.strip()}")
        time.sleep(0.3)
