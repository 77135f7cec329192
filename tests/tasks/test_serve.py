"""All studies from a server on this machine, each page following its search."""

import json
import threading
import time
from http.client import HTTPConnection

import pytest
from browser import MISSING, PROGRAM, chromium

from voxnas.records.record import Record
from voxnas.tasks.serve import make_server
from voxnas.utils.errors import InputError


def write(logs, name, score, study="mine"):
    shape = {"parameters": 100, "latency_ms": 1.0}
    Record(name, study, "phase1", "ok", "1", problem="amp", score=score, shape=shape).write(
        logs / "nas" / study / "phase1" / name
    )


@pytest.fixture
def server(tmp_path):
    write(tmp_path, "first", 0.1)
    (tmp_path / "nas" / "<b>empty").mkdir()
    (tmp_path / "secret").write_text("secret")
    found = make_server(tmp_path, "127.0.0.1", 0, "amp")
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def get(server, path, **headers):
    connection = HTTPConnection(*server.server_address[:2])
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_all_studies_are_listed_as_text(server):
    status, text = get(server, "/")
    assert status == 200
    assert "mine" in text
    assert "&lt;b&gt;empty" in text
    assert "<b>empty" not in text


def test_a_study_changes_its_stamp_with_its_records(server, tmp_path):
    before = get(server, "/mine/stamp")
    write(tmp_path, "second", 0.05)
    assert get(server, "/mine/stamp") != before
    _, text = get(server, "/mine/data.json")
    assert [c["name"] for c in json.loads(text)["candidates"]] == ["second", "first"]


@pytest.mark.parametrize(
    "path",
    ["/nothing/report/report.html", "/..%2F..%2Fsecret", "/mine/../../secret", "/%3Cb%3Eempty/data.json"],
)
def test_what_is_not_there_is_said(server, path):
    status, text = get(server, path)
    assert status == 404
    assert text != "secret"


def test_another_sites_name_for_this_machine_is_not_answered(server):
    assert get(server, "/", Host="evil.example:80")[0] == 403
    assert get(server, "/", Host="localhost:80")[0] == 200


def test_a_port_that_is_taken_is_one_line(server, tmp_path):
    with pytest.raises(InputError, match="cannot be had"):
        make_server(tmp_path, "127.0.0.1", server.server_address[1], "amp")


@pytest.mark.skipif(not PROGRAM, reason=MISSING)
def test_new_candidates_appear_while_a_search_runs(server, tmp_path):
    with chromium(tmp_path / "profile") as page:
        page.open(f"http://127.0.0.1:{server.server_address[1]}/mine/report/report.html")
        page.wait("document.querySelectorAll('circle.dot').length === 1")
        time.sleep(0.1)
        write(tmp_path, "second", 0.05)
        page.wait("document.querySelectorAll('circle.dot').length === 2")
        page.wait("document.querySelectorAll('.parallel .line').length === 2")
        assert page.console == []


@pytest.mark.skipif(not PROGRAM, reason=MISSING)
def test_the_first_candidates_of_a_search_appear_on_a_page_opened_before(server, tmp_path):
    Record("begun", "young", "phase1", "interrupted", "1", problem="amp").write(
        tmp_path / "nas" / "young" / "phase1" / "begun"
    )
    with chromium(tmp_path / "profile") as page:
        page.open(f"http://127.0.0.1:{server.server_address[1]}/young/report/report.html")
        assert page.run("document.querySelectorAll('circle.dot').length") == 0
        for name, score in (("first", 0.1), ("second", 0.05)):
            write(tmp_path, name, score, study="young")
        page.wait("document.querySelectorAll('circle.dot').length === 2")
        assert page.console == []
