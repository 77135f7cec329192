"""A server of all studies: an overview, each one's page, which follows its search, and their files."""

import html
import http.server
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from voxnas.records.record import FILE_NAME
from voxnas.report.listening import listening_parts, read_answers
from voxnas.report.page.write import FILE, page, page_data
from voxnas.report.rungs import eliminations
from voxnas.tasks.report import look
from voxnas.utils.errors import InputError

LOCAL = ("127.0.0.1", "localhost", "::1")


class Studies:
    """The studies under `folder`, each looked at again only when one of its records has changed."""

    def __init__(self, folder: Path, fallback_problem: str) -> None:
        self.folder, self._fallback = folder, fallback_problem
        self._known: dict[str, tuple[str, dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Their names, the one that changed last first."""
        folders = [path for path in self.folder.glob("*") if path.is_dir()]
        return [path.name for path in sorted(folders, key=lambda p: p.stat().st_mtime, reverse=True)]

    def stamp(self, name: str) -> str:
        """What changes whenever a record of a study does."""
        records = sorted(self._study(name).rglob(FILE_NAME))
        return f"{len(records)}-{max((p.stat().st_mtime_ns for p in records), default=0)}"

    def data(self, name: str) -> dict[str, Any]:
        """What a study's page holds; InputError where there is no record in it."""
        with self._lock:
            stamp, study = self.stamp(name), self._study(name)
            if self._known.get(name, ("", {}))[0] != stamp:
                result = look(study, self._fallback)
                left = eliminations(result.compared, result.objectives, result.problem)
                parts = [part.plain() for part in listening_parts(result, read_answers(study))]
                found = page_data(result, left, study / "report", answers=parts)
                self._known[name] = (stamp, found | {"stamp": stamp})
            return self._known[name][1]

    def _study(self, name: str) -> Path:
        if name not in self.names():
            raise InputError(f"{name}: no such study")
        return self.folder / name


class Handler(http.server.SimpleHTTPRequestHandler):
    """Answers for the studies; what else is asked for is a file below their folder."""

    def __init__(self, studies: Studies, hosts: set[str], tensorboard: str, *arguments: Any) -> None:
        self.studies, self.hosts, self.tensorboard = studies, hosts, tensorboard
        super().__init__(*arguments, directory=str(studies.folder))

    def do_GET(self) -> None:
        # A page elsewhere whose name was made to point here is not answered.
        if self.hosts and urlsplit(f"//{self.headers.get('Host', '')}").hostname not in self.hosts:
            return self.send_error(403, "ask for 127.0.0.1")
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        if parts == [""]:
            return self._send(lambda: overview(self.studies, self.tensorboard))
        if parts[1:] == ["report", FILE]:
            return self._send(lambda: page(self.studies.data(parts[0]), live=True))
        if parts[1:] == ["stamp"]:
            return self._send(lambda: self.studies.stamp(parts[0]), "text/plain")
        if parts[1:] == ["data.json"]:
            return self._send(lambda: json.dumps(self.studies.data(parts[0])), "application/json")
        return super().do_GET()

    def _send(self, make: Callable[[], str], kind: str = "text/html") -> None:
        try:
            status, text = 200, make()
        except InputError as error:
            status, text, kind = 404, str(error), "text/plain"
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal is for what goes wrong."""


def overview(studies: Studies, tensorboard: str = "") -> str:
    """The page with links to all studies."""
    rows = "".join(
        f'<li><a href="/{quote(name)}/report/{FILE}">{html.escape(name)}</a></li>' for name in studies.names()
    )
    links = f'<p><a href="{tensorboard}">TensorBoard</a></p>' if tensorboard else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>voxnas</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<style>:root{color-scheme:light dark}body{font:16px/1.6 system-ui;max-width:40em;margin:2em auto;"
        "padding:0 1em;overflow-wrap:anywhere}</style></head><body><h1>Studies</h1>"
        f"<ul>{rows or '<li>none yet: make nas-poc</li>'}</ul>{links}</body></html>"
    )


def make_server(
    log_dir: Path, host: str, port: int, fallback_problem: str, tensorboard: str = ""
) -> http.server.ThreadingHTTPServer:
    """The server, which does not run yet; InputError where the port cannot be had."""
    studies = Studies(log_dir / "nas", fallback_problem)
    hosts = {*LOCAL} if host in LOCAL else set()  # asked to be open, it answers to any name
    try:
        return http.server.ThreadingHTTPServer((host, port), partial(Handler, studies, hosts, tensorboard))
    except (OSError, OverflowError) as error:
        raise InputError(f"port={port} of host={host} cannot be had ({error}); give another") from error


def serve(log_dir: Path, host: str, port: int, tensorboard_port: int | None, fallback_problem: str) -> None:
    """Serve until Ctrl-C, or until the process is told to end."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that TensorBoard ends too
    tensorboard = f"http://{host}:{tensorboard_port}" if tensorboard_port else ""
    server = make_server(log_dir, host, port, fallback_problem, tensorboard)
    beside = _tensorboard(log_dir, host, tensorboard_port) if tensorboard_port else None
    print(f"http://{host}:{port} until Ctrl-C", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        server.server_close()
        if beside:
            beside.terminate()


def _tensorboard(log_dir: Path, host: str, port: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(log_dir), "--host", host]
    quiet = subprocess.DEVNULL
    return subprocess.Popen([*command, "--port", str(port)], stdout=quiet, stderr=quiet)
