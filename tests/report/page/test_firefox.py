"""`report.html` from the disk in Firefox: it plays what the native engine plays."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from firefox import MISSING, PROGRAM, Page, firefox
from small_study import NETWORKS, played, small_study
from test_page import made

from voxnas.kernels.build import Unavailable, load

pytestmark = pytest.mark.skipif(not PROGRAM, reason=MISSING)
ERRORS = "window.wrong = []; addEventListener('error', ({ message }) => wrong.push(message)); true"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("firefox") / "mine"
    small_study(folder)
    made(folder)
    return folder


@pytest.fixture(scope="module")
def page(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with firefox(tmp_path_factory.mktemp("profile") / "fox") as tab:
        tab.open(study / "report" / "report.html")
        tab.run(f"eval(`{ERRORS}`)")
        yield tab


def test_it_opens_with_its_points_and_its_sound_thread(page):
    assert page.run("document.querySelectorAll('circle.dot').length") == len(NETWORKS)
    page.wait("voxnas.player.output")
    assert not page.run("voxnas.player.output.inPage")
    assert page.run("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("name", NETWORKS)
def test_every_family_plays_as_the_native_engine_does(page, study, name):
    try:
        load("wavenet_stream.cpp")
    except Unavailable as reason:
        pytest.skip(str(reason))
    dry = np.array(page.run("Array.from(voxnas.player.own.dry)"), np.float32)
    expected = played(study, name, dry)
    page.run(f"voxnas.player.choose('model', '{name}')")
    page.wait(f"voxnas.player.tracks.get('{name}')?.done")
    track = page.run(f"Array.from(voxnas.player.tracks.get('{name}').samples)")
    assert np.abs(np.array(track) - expected).max() <= 1e-5
    deck = f"voxnas.player.throughDeck('{name}', voxnas.player.own.dry).then(r => Array.from(r.samples))"
    live = np.array(page.run(deck))
    assert np.abs(live - expected)[: len(dry) // 128 * 128].max() <= 1e-5


def test_a_click_plays_or_says_that_there_is_no_sound_device(page):
    page.run("document.querySelector('.dock .play').click()")
    said = "document.querySelector('.heard').textContent"
    page.wait(f"voxnas.player.position > 4800 || {said}.includes('no sound device')")
    assert page.run("window.wrong") == []
