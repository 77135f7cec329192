"""Who is at work, and who is gone."""

import subprocess
import sys

from voxnas.search.sources.workers import Workers

JOIN = """
import sys, time
from pathlib import Path
from voxnas.search.sources.workers import Workers
with Workers(Path(sys.argv[1])).present() as name:
    print(name, flush=True)
    time.sleep(600)
"""


def test_who_is_at_work_is_not_gone_and_leaves_nothing_behind(tmp_path):
    workers = Workers(tmp_path)
    with workers.present() as one, workers.present() as other:
        assert one != other
        assert not Workers(tmp_path).is_gone(one)
    assert workers.is_gone(one)
    assert list(tmp_path.iterdir()) == []


def test_who_was_killed_is_gone_at_once(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", JOIN, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    workers = Workers(tmp_path)
    assert not workers.is_gone(name)
    process.kill()
    process.communicate()
    assert workers.is_gone(name)
    assert list(tmp_path.iterdir()) == []
