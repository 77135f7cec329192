"""The reader's instrument and cabinet in the page."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from browser import MISSING, PROGRAM, Page, chromium
from small_study import RATE, small_study
from test_page import made, pick

pytestmark = pytest.mark.skipif(not PROGRAM, reason=MISSING)
INSTRUMENT = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def click(page: Page, words: str) -> None:
    page.run(f"[...document.querySelectorAll('#own button')].find(b => b.textContent === '{words}').click()")


def choose(page: Page, label: str, path: Path) -> None:
    """Give a file to an input, as a reader does."""
    content = ",".join(map(str, path.read_bytes()))
    page.run(f"""(() => {{ const files = new DataTransfer();
      files.items.add(new File([new Uint8Array([{content}])], "{path.name}", {{ type: "audio/wav" }}));
      const labels = [...document.querySelectorAll('#own label')];
      const input = labels.find(l => l.textContent.startsWith('{label}')).querySelector('input');
      input.files = files.files; input.dispatchEvent(new Event('change')); }})()""")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    small_study(folder / "mine")
    html = made(folder / "mine")
    with chromium(folder / "profile", *INSTRUMENT) as tab:
        tab.open(html)
        pick(tab, "wavenet")
        yield tab


def said(page: Page) -> str:
    return page.run("document.querySelector('#own [role=status]').textContent")


LISTEN_IN = """const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (given) => { window.asked = given.audio; return ask(given); }"""


def test_a_live_instrument_goes_through_the_chosen_model_and_its_delay_is_told(page):
    page.run(LISTEN_IN)
    click(page, "Play live")
    page.wait("document.querySelector('#own [role=status]').textContent.includes(' ms')")
    assert "wavenet" in said(page)
    asked = page.run("window.asked")
    assert (asked["echoCancellation"], asked["noiseSuppression"], asked["autoGainControl"]) == (False,) * 3
    click(page, "stop the live instrument")
    page.wait("voxnas.player.output.instrument === null")


def test_a_cabinet_comes_after_everything_and_goes_again(page, tmp_path):
    soundfile.write(tmp_path / "cab.wav", np.array([0, 1, 0.5, 0.25]), RATE)
    choose(page, "Cabinet", tmp_path / "cab.wav")
    page.wait("document.querySelector('#own [role=status]').textContent.includes('cab.wav')")
    assert page.run("voxnas.player.output.convolver.buffer.length") == 4
    click(page, "no cabinet")
    page.wait("voxnas.player.output.convolver === null")


def test_a_file_that_is_no_sound_is_a_line(page, tmp_path):
    (tmp_path / "text.wav").write_text("no sound")
    choose(page, "Recording", tmp_path / "text.wav")
    page.wait("document.querySelector('#own [role=status]').textContent.startsWith('That did not work')")
    assert page.run("voxnas.player.hasTarget")
