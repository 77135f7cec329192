"""Headless Chromium for tests of pages, through its debugging pipe (Debian: apt-get install chromium)."""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = next(
    (p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), ""
)
MISSING = "no Chromium to open the page with"
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
]
FLAGS += ["--autoplay-policy=no-user-gesture-required", "--mute-audio", "--remote-debugging-pipe"]


class Page:
    """One tab: what it asked for, what its console said, and JavaScript run in it."""

    def __init__(self, send: int, receive: int) -> None:
        self._out, self._in, self._rest = os.fdopen(send, "wb", 0), receive, b""
        self._number, self.session = 0, None
        self.requests: list[str] = []
        self.console: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> Any:
        """The answer to one command of the DevTools protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self._out.write(json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._note(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def open(self, path: Path | str, ready: str = "document.body?.dataset.ready") -> None:
        """Open a file or an address and wait until it says that it is ready."""
        self.ask("Page.navigate", url=path.as_uri() if isinstance(path, Path) else path)
        self.wait(ready)

    def run(self, script: str) -> Any:
        """The value of an expression, awaited."""
        result = self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"].get("description", script))
        return result["result"].get("value")

    def wait(self, condition: str, seconds: float = 60) -> None:
        """Until an expression is true."""
        end = time.monotonic() + seconds
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < end, f"never true: {condition}; console: {self.console}"
            time.sleep(0.05)

    def size(self, width: int, height: int, dark: bool = False) -> None:
        """The window's size, and the theme that the reader prefers."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[theme])

    def picture(self, path: Path, whole: bool = True) -> None:
        """A screenshot."""
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def key(self, key: str) -> None:
        """Press a key, as a keyboard does."""
        text = {"Enter": "\r", "Space": " "}.get(key, key if len(key) == 1 else "")
        name = " " if key == "Space" else key
        for kind in ("keyDown", "keyUp"):
            self.ask(
                "Input.dispatchKeyEvent",
                type=kind,
                key=name,
                code=key,
                text=text if kind == "keyDown" else "",
            )

    def _next(self) -> Any:
        while b"\0" not in self._rest:
            part = os.read(self._in, 2**20)
            if not part:
                raise RuntimeError("Chromium is gone")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        given = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])
        if event.get("method") == "Runtime.exceptionThrown":
            details = given["exceptionDetails"]
            self.console.append(details.get("exception", {}).get("description") or details["text"])
        if event.get("method") == "Runtime.consoleAPICalled" and given["type"] in ("error", "warning"):
            self.console.append(str(given["args"]))
        if event.get("method") == "Log.entryAdded" and given["entry"]["level"] in ("error", "warning"):
            self.console.append(given["entry"]["text"])


@contextmanager
def chromium(folder: Path, *flags: str) -> Iterator[Page]:
    """A page in a browser of its own, with its profile in `folder`."""
    to_browser, send = os.pipe()
    receive, from_browser = os.pipe()

    def as_three_and_four() -> None:
        low, high = os.dup(to_browser), os.dup(from_browser)
        os.dup2(low, 3)
        os.dup2(high, 4)

    command = [PROGRAM, *FLAGS, *flags, f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(
        command,
        preexec_fn=as_three_and_four,
        pass_fds=(3, 4, to_browser, from_browser),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser)
    os.close(from_browser)
    try:
        yield Page(send, receive)
    finally:
        process.terminate()
        process.wait(20)
        os.close(receive)
