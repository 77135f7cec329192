"""All studies in a browser, as a user starts it."""

import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
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


def a_study(logs: Path) -> None:
    record = Record("first", "mine", "phase1", "ok", "1", problem="amp", score=0.1, shape={"parameters": 9})
    record.write(logs / "nas" / "mine" / "phase1" / "first")


def test_it_serves_until_it_is_told_to_end(tmp_path: Path):
    a_study(tmp_path)
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


@pytest.mark.slow
def test_tensorboard_runs_beside_it_and_ends_with_it(tmp_path: Path):
    a_study(tmp_path)
    port, beside = free_port(), free_port()
    server = start_script("serve", f"port={port}", f"tensorboard_port={beside}", log_dir=tmp_path)
    try:
        assert f'href="http://127.0.0.1:{beside}"' in asked(f"http://127.0.0.1:{port}/")
        assert "TensorBoard" in asked(f"http://127.0.0.1:{beside}/")
    finally:
        server.terminate()
        server.communicate(timeout=30)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{beside}/", timeout=5)
