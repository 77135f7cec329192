"""Where a browser forbids the page's threads of its own, it renders and plays without them."""

from pathlib import Path

import pytest
from browser import MISSING, PROGRAM, chromium
from small_study import small_study
from test_page import made, pick

pytestmark = pytest.mark.skipif(not PROGRAM, reason=MISSING)

FORBID = {
    "no worker": "window.Worker = class { constructor() { throw new DOMException('forbidden'); } };",
    "a worker that cannot start": """window.Worker = class {
      constructor() { setTimeout(() => this.onerror(new Event('error'))); } postMessage() {} };""",
    "no worklet": "AudioWorklet.prototype.addModule = () => Promise.reject(new DOMException('forbidden'));",
}


@pytest.mark.parametrize("forbidden", FORBID)
def test_it_plays_all_the_same(tmp_path: Path, forbidden: str):
    small_study(tmp_path / "mine")
    html = made(tmp_path / "mine")
    with chromium(tmp_path / "profile") as page:
        page.ask("Page.addScriptToEvaluateOnNewDocument", source=FORBID[forbidden])
        page.open(html)
        pick(page, "lstm")
        page.wait("voxnas.player.position > 0")
        assert page.run("voxnas.player.output.inPage") == (forbidden == "no worklet")
        heard = """new Promise(resolve => {
          voxnas.player.addEventListener("heard", ({ detail }) => detail === "dry" && resolve(detail));
          document.querySelector('[data-source=dry]').click(); })"""
        assert page.run(heard) == "dry"
        assert [line for line in page.console if "deprecated" not in line] == []
