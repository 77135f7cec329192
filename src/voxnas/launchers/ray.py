"""Launcher of runs as tasks of a Ray cluster: one that is there, or one that is started here."""

import logging
import os
import secrets
import socket
from collections import deque
from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn

from voxnas.launchers.base import ClusterLauncher, Results, lost
from voxnas.launchers.remote_run import RemoteRun, execute, project_environment, source_path
from voxnas.utils.errors import InputError

CONNECT_SECONDS = 10.0  # for a cluster to answer at all
STOP_SECONDS = 30.0  # for runs that are cancelled to write down where they are
_FOR_A_CLUSTER_OF_OUR_OWN = ("num_cpus", "num_gpus", "object_store_memory", "include_dashboard")


class RayLauncher(ClusterLauncher):
    """Launcher through Ray. `settings`: the arguments of `ray.init` and `ray.remote`, and `n_jobs`.

    Without an address Ray starts on this machine, for this sweep. Ray does a task whose node died again on
    another node, where the run goes on from its last epoch.
    """

    def results(self, runs: Sequence[RemoteRun]) -> Results:
        ray = _connected(self.settings["ray"]["init"])
        task = ray.remote(**self.settings["ray"]["remote"])(execute)
        at_a_time = self.settings["n_jobs"] if self.settings["n_jobs"] > 0 else len(runs)
        waiting, running = deque(runs), dict[Any, int]()
        try:
            while waiting or running:
                while waiting and len(running) < at_a_time:
                    run = waiting.popleft()
                    running[task.remote(run)] = run.number
                done, _ = ray.wait(list(running))
                for reference in done:
                    number = running.pop(reference)
                    yield number, _result(ray, reference, number)
        finally:
            for reference in running:
                ray.cancel(reference)  # as Ctrl-C
            if running:
                ray.wait(list(running), num_returns=len(running), timeout=STOP_SECONDS)


def _connected(init: dict[str, Any]) -> Any:
    """Module ray, connected to a cluster; InputError if it is not installed or there is no cluster."""
    address = init.get("address")
    if address:
        init = {key: value for key, value in init.items() if key not in _FOR_A_CLUSTER_OF_OUR_OWN}
    else:  # or else whoever reaches this machine could run code on it
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody's business
    try:
        import ray
    except ImportError as error:
        raise InputError("hydra/launcher=ray needs Ray: python -m voxnas setup ray") from error
    if not ray.is_initialized():
        environment = {"env_vars": project_environment() | {"PYTHONPATH": source_path()}}
        try:
            _check_reachable(address)
            ray.init(**init, runtime_env=environment, logging_level=logging.ERROR)
        except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            what = f"no Ray cluster at {address}" if address else "Ray does not start"
            raise InputError(f"{what}: {_first_line(error)}") from error
    return ray


def _check_reachable(address: str | None) -> None:
    """Raises at once if nothing listens at the address; Ray itself tries for minutes."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()


def _result(ray: Any, reference: Any, number: int) -> JobReturn:
    try:
        result: JobReturn = ray.get(reference)
        return result
    except ray.exceptions.RayError as error:
        return lost(number, f"Ray lost it ({_first_line(error)})")


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
