"""What is clicked is heard at once: the page's player, its renderer and its deck."""

import json
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import MISSING, PROGRAM, Page, chromium
from small_study import RATE, guitar, small_study
from streams import seeded
from test_page import made

from voxnas.engine.native_engine import native_form
from voxnas.kernels.wasm import ENGINE
from voxnas.report.page.join import WEB
from voxnas.report.page.packed import packed_form

HEARD_S, FADE_S = 0.1, 0.02
TEN = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
STANDARD = {  # the plug-in's standard model, the heaviest that is in common use
    "type": "WaveNet",
    "layer_arrays": [
        {"channels": 16, "head_size": 8, "dilations": TEN, "head_bias": False},
        {"channels": 8, "head_size": 1, "dilations": TEN, "head_bias": True},
    ],
    "head_scale": 0.02,
}
LSTM = {"type": "LSTM", "hidden_size": 16}

# Of every click on a point: samples made until it is heard, and what had to be made ready for it.
WATCH = """{ const construct = (of, given) => (made.push(of.name), Reflect.construct(of, given));
  for (const name of ["DecompressionStream", "Worker", "AudioContext"])
    window[name] = new Proxy(window[name], { construct });
  WebAssembly.Module = new Proxy(WebAssembly.Module, { construct }); }"""
FORGET = """(at) => { const { player } = voxnas;
  Object.assign(player, { model: null, source: "dry" });
  player.setClip(player.own.dry, player.own.target);
  player.seek(at * player.rate); }"""
POINT = """(name) => { const svg = document.querySelector("svg.scatter");
  svg.scrollIntoView({ block: "center" });
  const { left, top } = svg.getBoundingClientRect();
  const [x, y] = voxnas.scatter.points.find((p) => p.candidate.name === name).at;
  window.heard = new Promise((resolve) =>
    voxnas.player.addEventListener("heard", () => resolve(voxnas.player.waited), { once: true }));
  return [left + x, top + y]; }"""


def click(page: Page, name: str) -> int:
    """Click a candidate's point; the samples made until it is heard."""
    x, y = page.run(f"({POINT})('{name}')")
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        button = "none" if kind == "mouseMoved" else "left"
        page.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=1)
    return page.run("heard")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if not PROGRAM:
        pytest.skip(MISSING)
    folder = tmp_path_factory.mktemp("click")
    small_study(folder / "mine", {"standard": STANDARD, "lstm": LSTM}, guitar(10))
    with chromium(folder / "profile") as tab:
        tab.size(1200, 900)
        tab.open(made(folder / "mine"))
        tab.run("Promise.all(voxnas.player.forms.values()).then(() => (window.made = []))")
        tab.run(WATCH)
        yield tab


def test_a_click_on_a_point_is_heard_within_a_tenth_of_a_second(page):
    for name in ("standard", "lstm"):
        page.run(f"voxnas.player.want('{name}', true)")
        page.wait(f"voxnas.player.tracks.get('{name}')?.done")
    click(page, "standard")  # which wakes the sound device
    waited = [click(page, name) for name in ("lstm", "standard") * 3]
    assert statistics.median(waited) + FADE_S * RATE <= HEARD_S * RATE
    assert page.run("window.made") == []


@pytest.mark.parametrize("name", ["standard", "lstm"])
def test_so_is_one_that_nothing_is_rendered_of_wherever_the_player_is(page, name):
    waited = []
    for second in (0, 4, 9):
        page.run(f"({FORGET})({second})")
        waited.append(click(page, name))
    assert statistics.median(waited) + FADE_S * RATE <= HEARD_S * RATE
    assert page.run("window.made") == []


def node(script: str, *arguments: Path) -> Any:
    """What a script of the page's modules prints, as JSON."""
    if not shutil.which("node"):
        pytest.skip("no Node.js to run it")
    command = ["node", "--input-type=module", "-e", script, *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


DECK = f"""
import {{ Deck }} from "{WEB}/deck.mjs";
const told = [], deck = new Deck(48000, (message) => told.push(message)), block = new Float32Array(128);
const whole = (value) => new Float32Array(48000).fill(value);
const give = (track, value) => deck.receive({{ type: "samples", track, at: 0, samples: whole(value) }});
const choose = (track) => deck.receive({{ type: "choose", source: {{ track, gain: 1, name: track }} }});
const made = () => (deck.process(null, block), [...block]);
deck.receive({{ type: "clip", length: 48000 }});
give("a", 1), give("b", -1), choose("a"), deck.receive({{ type: "play", playing: true }});
for (let i = 0; i < 40; i++) made();
choose("b");
const played = Array.from({{ length: 10 }}, made).flat();
const first = played.findIndex((y) => y < 1), all = played.indexOf(-1);
console.log(JSON.stringify({{ waited: told.at(-1).waited, first, all }}));
"""


def test_a_track_that_is_there_begins_in_the_next_block_and_is_all_there_after_the_fade():
    found = node(DECK)
    assert found == {"waited": 128, "first": 1, "all": round(FADE_S * RATE)}


RENDER = f"""
import fs from "fs";
import {{ Renderer }} from "{WEB}/renderer.mjs";
import {{ formOf }} from "{WEB}/unpack.mjs";
const [form, dry] = process.argv.slice(-2), order = [], track = {{}};
const samples = new Float32Array(Uint8Array.from(fs.readFileSync(dry)).buffer);
const renderer = new Renderer((message) => {{
  if (message.type === "failed") throw new Error(message.why);
  if (message.type !== "samples") return;
  (track[message.track] ??= new Float32Array(samples.length)).set(message.samples, message.at);
  order.push([message.track, message.at]);
  if (order.length === 3) want("begun", true, 60000);
  if (order.length === 6) want("new", true, 70000);
}});
const known = {{ form: await formOf(JSON.parse(fs.readFileSync(form))), warm: 4096, delay: 0 }};
const want = (track, urgent, from) => renderer.receive({{ type: "render", track, ...known, urgent, from }});
renderer.receive({{ type: "engine", bytes: fs.readFileSync("{ENGINE}") }});
renderer.receive({{ type: "clip", samples, clip: 1 }});
want("begun", false, 0);
while (renderer.busy) await new Promise((resolve) => setTimeout(resolve, 1));
console.log(JSON.stringify({{ order, begun: [...track.begun], new: [...track.new] }}));
"""


def test_what_is_asked_for_is_rendered_from_where_the_player_is_also_if_it_was_begun_before(tmp_path):
    form = native_form(seeded(0, **STANDARD))
    dry = guitar()
    (tmp_path / "form").write_text(json.dumps(packed_form(form)))
    dry.tofile(tmp_path / "dry")
    found = node(RENDER, tmp_path / "form", tmp_path / "dry")
    assert found["order"][:3] == [["begun", 0], ["begun", 4096], ["begun", 8192]]
    assert found["order"][3] == ["begun", 60000 // 1024 * 1024]
    assert found["order"][6] == ["new", 70000 // 1024 * 1024]
    assert len({tuple(piece) for piece in found["order"]}) == len(found["order"])  # nothing twice
    expected = form.stream().process(dry)
    for name in ("begun", "new"):
        assert np.abs(np.array(found[name]) - expected).max() <= 1e-5
