"""Where a browser forbids the page's threads of its own, it renders and plays without them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import MISSING, PROGRAM, Page, chromium
from small_study import small_study
from test_page import made, pick

pytestmark = pytest.mark.skipif(not PROGRAM, reason=MISSING)

FORBID = {
    "no worker": "window.Worker = class { constructor() { throw new DOMException('forbidden'); } };",
    "a worker that cannot start": """window.Worker = class {
      constructor() { setTimeout(() => this.onerror(new Event('error'))); } postMessage() {} };""",
    "no worklet": "AudioWorklet.prototype.addModule = () => Promise.reject(new DOMException('forbidden'));",
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forbidden") / "mine"
    small_study(folder)
    return made(folder)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.mark.parametrize("forbidden", FORBID)
def test_it_plays_all_the_same(study: Path, browser: Page, forbidden: str):
    page = browser
    before = page.ask("Page.addScriptToEvaluateOnNewDocument", source=FORBID[forbidden])
    page.console.clear()
    page.open(study)
    page.ask("Page.removeScriptToEvaluateOnNewDocument", identifier=before["identifier"])
    pick(page, "lstm")
    page.wait("voxnas.player.position > 0")
    assert page.run("voxnas.player.output.inPage") == (forbidden == "no worklet")
    heard = """new Promise(resolve => {
      voxnas.player.addEventListener("heard", ({ detail }) => detail === "dry" && resolve(detail));
      document.querySelector('[data-source=dry]').click(); })"""
    assert page.run(heard) == "dry"
    assert [line for line in page.console if "deprecated" not in line] == []
