"""The engine in WebAssembly: it is of these sources, and plays what native code plays."""

import json
import runpy
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from knobbed import shaken
from scripts import ROOT
from streams import clip, seeded

from voxnas.engine.native_engine import NativeEngine, control_arrays, native_form
from voxnas.kernels.build import Unavailable
from voxnas.kernels.wasm import ENGINE, build
from voxnas.models.controls import Control
from voxnas.models.wavenet import stack
from voxnas.report.page.packed import packed_form, packed_panel

FORMS = runpy.run_path(str(ROOT / "tests/models/test_network_contract.py"))["FORMS"]
WEB = ROOT / "src/voxnas/report/page/web"
PLAY = f"""
import fs from "fs";
import {{ Stream }} from "{WEB}/engine.mjs";
import {{ followsOf, formOf }} from "{WEB}/unpack.mjs";
const [models, given, result] = process.argv.slice(-3);
const read = (file) => Uint8Array.from(fs.readFileSync(file)).buffer;
const module = new WebAssembly.Module(fs.readFileSync("{ENGINE}"));
const x = new Float32Array(read(given)), y = [];
for (const model of JSON.parse(fs.readFileSync(models))) {{
  const stream = new Stream(module, await formOf(model)), out = new Float32Array(x.length);
  let size = 1;
  for (let at = 0; at < x.length; at += size, size = (size * 7) % 300 + 1)
    stream.process(x.subarray(at, at + size), out.subarray(at, at + size));
  y.push(...out);
}}
fs.writeFileSync(result, new Float32Array(y));
"""


def test_the_module_is_of_these_sources():
    sources, _ = build.told(ENGINE.read_bytes())
    assert sources == build.digest(), "the streams' sources changed: make wasm"


@pytest.mark.slow
def test_building_it_again_gives_the_same():
    try:
        here = build.compiler()
    except Unavailable as reason:
        pytest.skip(str(reason))
    _, compiler = build.told(ENGINE.read_bytes())
    if here != compiler:
        pytest.skip(f"it was built by {compiler}, here is {here}")
    assert build.build() == ENGINE.read_bytes()


def test_it_plays_what_native_code_plays(tmp_path: Path):
    if not shutil.which("node"):
        pytest.skip("no Node.js to play it")
    forms = {}
    for name, architecture in FORMS.items():
        try:
            forms[name] = native_form(seeded(**architecture))
        except Unavailable:
            continue  # it plays on PyTorch only
    x = clip(3000)
    try:
        expected = {name: form.stream().process(x) for name, form in forms.items()}
    except Unavailable as reason:
        pytest.skip(str(reason))
    x.tofile(tmp_path / "x")
    (tmp_path / "models").write_text(json.dumps([packed_form(form) for form in forms.values()]))
    command = ["node", "--input-type=module", "-e", PLAY]
    subprocess.run([*command, tmp_path / "models", tmp_path / "x", tmp_path / "y"], check=True)
    played = np.fromfile(tmp_path / "y", np.float32).reshape(len(forms), -1)
    for output, (name, wanted) in zip(played, expected.items(), strict=True):
        assert np.abs(output - wanted).max() <= 1e-5 * max(1, np.abs(wanted).max()), name
    assert len(forms) > 40


TURN = f"""
import fs from "fs";
import {{ Stream }} from "{WEB}/engine.mjs";
import {{ followsOf, formOf }} from "{WEB}/unpack.mjs";
const [models, given, result] = process.argv.slice(-3);
const module = new WebAssembly.Module(fs.readFileSync("{ENGINE}"));
const x = new Float32Array(Uint8Array.from(fs.readFileSync(given)).buffer), y = [];
for (const {{ form, panel, turned }} of JSON.parse(fs.readFileSync(models))) {{
  const stream = new Stream(module, {{ ...(await formOf(form)), follows: await followsOf(panel) }});
  const out = new Float32Array(x.length);
  stream.process(x.subarray(0, 1000), out.subarray(0, 1000));
  stream.control(new Float32Array(turned), 999);
  stream.process(x.subarray(1000), out.subarray(1000));
  y.push(...out);
}}
fs.writeFileSync(result, new Float32Array(y));
"""


@pytest.mark.skipif(not shutil.which("node"), reason="no Node.js to play it")
def test_knobs_that_turn_sound_as_in_native_code(tmp_path: Path):
    x, models, expected = clip(3000), [], []
    for conditioning in ("mixin", "film", "weights"):
        network = stack(3, 4, head_scale=0.5, conditioning=conditioning)
        network.follow([Control("drive"), Control("mode", options=("a", "b", "c"))])
        engine = NativeEngine(shaken(network))
        before = engine.process(x[:1000])
        engine.set_controls({"drive": 0.9, "mode": "c"}, glide=999)
        expected.append(np.concatenate([before, engine.process(x[1000:])]))
        panel = packed_panel(network.controls, control_arrays(network))
        models.append({"form": packed_form(native_form(network)), "panel": panel, "turned": [0.9, 0, 1]})
    x.tofile(tmp_path / "x")
    (tmp_path / "models").write_text(json.dumps(models))
    command = ["node", "--input-type=module", "-e", TURN]
    subprocess.run([*command, tmp_path / "models", tmp_path / "x", tmp_path / "y"], check=True)
    played = np.fromfile(tmp_path / "y", np.float32).reshape(len(models), -1)
    for output, wanted in zip(played, expected, strict=True):
        assert np.abs(output - wanted).max() <= 1e-5 * max(1, np.abs(wanted).max())
