"""All studies in a browser, as a user starts it."""

import time
import urllib.error
import urllib.request
from pathlib import Path

from scripts import start_script
from test_dashboard_script import free_port

from voxnas.records.record import Record


def asked(address: str, seconds: float = 60) -> str:
    """What the server says, once it is there."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return answer.read().decode()
        except urllib.error.URLError:
            assert time.monotonic() < deadline, f"no answer at {address}"
            time.sleep(0.3)


def test_it_serves_until_it_is_told_to_end(tmp_path: Path):
    record = Record("first", "mine", "phase1", "ok", "1", problem="amp", score=0.1, shape={"parameters": 9})
    record.write(tmp_path / "nas" / "mine" / "phase1" / "first")
    port = free_port()
    server = start_script("serve", f"port={port}", "tensorboard_port=null", log_dir=tmp_path)
    try:
        assert "mine" in asked(f"http://127.0.0.1:{port}/")
        assert "first" in asked(f"http://127.0.0.1:{port}/mine/report/report.html")
    finally:
        server.terminate()
        out, err = server.communicate(timeout=30)
    assert (server.returncode, err) == (0, "")
    assert out.startswith(f"http://127.0.0.1:{port} until Ctrl-C")
