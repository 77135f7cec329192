"""Headless Firefox for tests of pages, through Marionette (Debian: apt-get install firefox-esr)."""

import base64
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = next((p for name in ("firefox", "firefox-esr") if (p := shutil.which(name))), "")
MISSING = "no Firefox to open the page with"
PREFERENCES = {
    "media.autoplay.default": 0,
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.normandy.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
}
RUN = """const done = arguments[0];
  (async () => (%s))()
    .then((value) => done({ value }), (error) => done({ error: `${error}\\n${error.stack}` }));"""


class Page:
    """One tab: JavaScript run in it, and the errors that nobody caught."""

    def __init__(self, port: int) -> None:
        self._socket, self._rest, self._number = _connected(port), b"", 0
        self._receive()  # its greeting
        self.ask("WebDriver:NewSession", capabilities={"alwaysMatch": {"timeouts": {"script": 60_000}}})

    def ask(self, method: str, **parameters: Any) -> Any:
        """The answer to one command of Marionette."""
        self._number += 1
        message = json.dumps([0, self._number, method, parameters]).encode()
        self._socket.sendall(str(len(message)).encode() + b":" + message)
        _, _, error, result = self._receive()
        if error:
            raise RuntimeError(f"{method}: {error['message']}")
        return result

    def open(self, path: Path) -> None:
        """Open a file and wait until the page says that it is ready."""
        self.ask("WebDriver:Navigate", url=path.as_uri())
        self.wait("document.body?.dataset.ready")

    def run(self, script: str) -> Any:
        """The value of an expression, awaited."""
        given = {"script": RUN % script, "args": [], "sandbox": None}
        result = self.ask("WebDriver:ExecuteAsyncScript", **given)["value"]
        if "error" in result:
            raise RuntimeError(result["error"])
        return result.get("value")

    def wait(self, condition: str, seconds: float = 60) -> None:
        """Until an expression is true."""
        end = time.monotonic() + seconds
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < end, f"never true: {condition}"
            time.sleep(0.05)

    def picture(self, path: Path) -> None:
        """A screenshot of the whole page."""
        shot = self.ask("WebDriver:TakeScreenshot", full=True)["value"]
        path.write_bytes(base64.b64decode(shot))

    def _receive(self) -> Any:
        while b":" not in self._rest:
            self._more()
        size, _, self._rest = self._rest.partition(b":")
        while len(self._rest) < int(size):
            self._more()
        message, self._rest = self._rest[: int(size)], self._rest[int(size) :]
        return json.loads(message)

    def _more(self) -> None:
        part = self._socket.recv(2**20)
        if not part:
            raise RuntimeError("Firefox is gone")
        self._rest += part


def _connected(port: int, seconds: float = 60) -> socket.socket:
    end = time.monotonic() + seconds
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            assert time.monotonic() < end, "Firefox does not answer"
            time.sleep(0.1)


@contextmanager
def firefox(folder: Path) -> Iterator[Page]:
    """A page in a browser of its own, with its profile in `folder`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir(parents=True)
    lines = {**PREFERENCES, "marionette.port": port}.items()
    (folder / "user.js").write_text("".join(f'user_pref("{k}", {json.dumps(v)});\n' for k, v in lines))
    command = [PROGRAM, "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield Page(port)
    finally:
        process.terminate()
        process.wait(20)
