"""`report.html` opens from the disk, asks nobody for anything, and plays what the native engine plays."""

import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from browser import MISSING, PROGRAM, Page, chromium
from small_study import NETWORKS, RATE, guitar, played, small_study

from voxnas.kernels.build import Unavailable, load
from voxnas.models.wavenet import stack
from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.collect import collect
from voxnas.records.record import Record
from voxnas.report.listening import listening_parts, read_answers
from voxnas.report.page.content import unlike
from voxnas.report.page.write import MOST_BYTES, write_page
from voxnas.report.review import review
from voxnas.report.rungs import eliminations

needs_browser = pytest.mark.skipif(not PROGRAM, reason=MISSING)


def made(study: Path) -> Path:
    result = review(collect(study), AmpProblem())
    left = eliminations(result.compared, result.objectives, result.problem)
    said = [part.plain() for part in listening_parts(result, read_answers(study))]
    return write_page(result, left, study / "report", answers=said)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("listen") / "mine"
    small_study(folder)
    made(folder)
    return folder


@pytest.fixture(scope="module")
def page(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("profile")) as tab:
        tab.size(1200, 900)
        tab.open(study / "report" / "report.html")
        yield tab


def pick(page: Page, name: str) -> None:
    """Click a candidate's name in the table, and wait until it is heard."""
    page.run(
        f"[...document.querySelectorAll('.candidates .name')]"
        f".find(button => button.textContent.includes('{name}')).click()"
    )
    page.wait(f"voxnas.player.tracks.get('{name}')?.done && voxnas.player.model === '{name}'")


def saved(study: Path, result: dict[str, Any]) -> None:
    """Put what the page would save where a reader is told to."""
    (study / "listening").mkdir(exist_ok=True)
    (study / "listening" / f"{result['kind']}.json").write_text(json.dumps(result))


@needs_browser
def test_it_asks_nobody_for_anything_and_has_nothing_to_complain_of(page, study):
    asked = [url for url in page.requests if not url.startswith(("blob:", "data:"))]
    assert asked == [(study / "report" / "report.html").as_uri()]
    assert page.console == []


@needs_browser
def test_knobs_are_turned_on_the_page_and_live(page, study):
    pick(page, "knobs")
    page.run(
        "(() => { const [drive, bright] = document.querySelectorAll('.knobs input, .knobs select');"
        "drive.value = 160; drive.dispatchEvent(new Event('input', { bubbles: true }));"
        "bright.value = 'on'; bright.dispatchEvent(new Event('change', { bubbles: true })); })()"
    )
    assert page.run("document.querySelector('.knobs output').textContent") == "8"
    page.wait("voxnas.player.turns.get('knobs') && voxnas.player.tracks.get('knobs')?.done")
    dry = np.array(page.run("Array.from(voxnas.player.own.dry)"), np.float32)
    expected, at_rest = played(study, "knobs", dry, drive=8, bright="on"), played(study, "knobs", dry)
    assert np.abs(expected - at_rest).max() > 1e-3
    track = page.run("Array.from(voxnas.player.tracks.get('knobs').samples)")
    assert np.abs(np.array(track) - expected).max() <= 1e-5
    live = page.run(
        "voxnas.player.throughDeck('knobs', voxnas.player.own.dry).then(r => Array.from(r.samples))"
    )
    assert np.abs(np.array(live) - expected).max() <= 1e-5
    pick(page, "lstm")
    assert page.run("document.querySelectorAll('.knobs').length") == 0
    pick(page, "knobs")  # they stand where they stood
    assert page.run("document.querySelector('.knobs output').textContent") == "8"
    page.run("voxnas.player.turn('knobs', [0.5, 0])")
    page.wait("voxnas.player.turns.get('knobs') > 1 && voxnas.player.tracks.get('knobs')?.done")
    assert page.console == []


@needs_browser
@pytest.mark.parametrize("name", NETWORKS)
def test_every_family_plays_as_the_native_engine_does(page, study, name):
    try:
        load("wavenet_stream.cpp")
    except Unavailable as reason:
        pytest.skip(str(reason))
    pick(page, name)
    dry = np.array(page.run("Array.from(voxnas.player.own.dry)"), np.float32)
    assert np.abs(dry - guitar()).max() < 1e-4
    expected = played(study, name, dry)
    track = page.run(f"Array.from(voxnas.player.tracks.get('{name}').samples)")
    assert np.abs(np.array(track) - expected).max() <= 1e-5
    live = page.run(
        f"voxnas.player.throughDeck('{name}', voxnas.player.own.dry).then(r => Array.from(r.samples))"
    )
    assert np.abs(np.array(live) - expected)[: len(dry) // 128 * 128].max() <= 1e-5


@needs_browser
def test_sources_switch_in_place(page):
    pick(page, "wavenet")
    page.wait("voxnas.player.playing && voxnas.player.position > 0")
    for source in ("dry", "target", "model", "null"):
        heard = f"""new Promise(resolve => {{
          voxnas.player.addEventListener("heard", ({{ detail }}) => detail === "{source}" && resolve(detail));
          document.querySelector('[data-source={source}]').click(); }})"""
        assert page.run(heard) == source
        assert (
            page.run(f"document.querySelector('[data-source={source}]').getAttribute('aria-pressed')")
            == "true"
        )


@needs_browser
def test_what_plays_is_as_loud_as_the_target(page):
    pick(page, "lstm")
    levels = """(async () => { const p = voxnas.player; return ["target", "dry", "lstm"].map(t =>
      p.tracks.get(t).loudness + 20 * Math.log10(p.gain(t))); })()"""
    found = page.run(levels)
    assert max(found) - min(found) < 0.1


@needs_browser
def test_the_table_sorts_and_filters(page):
    def shown() -> list[str]:
        return page.run("[...document.querySelectorAll('.candidates tbody .name')].map(b => b.textContent)")

    header = (
        "[...document.querySelectorAll('thead button')].find(b => b.textContent.startsWith('parameters'))"
    )
    page.run(f"{header}.click()")
    sizes = page.run("voxnas.data.candidates.map(c => [c.name, c.values.parameters])")
    smallest = min(sizes, key=lambda pair: pair[1])[0]
    assert smallest in shown()[0]
    page.run(f"{header}.click()")
    assert smallest in shown()[-1]
    typed = """(text) => { const filter = document.querySelector('input[type=search]');
      filter.value = text; filter.dispatchEvent(new Event('input')); }"""
    page.run(f"({typed})('parameters<100')")
    assert len(shown()) == sum(size < 100 for _, size in sizes)
    page.run(f"({typed})('lstm')")
    assert [name for name in shown() if "lstm" in name] == shown()
    page.run(f"({typed})('')")


@needs_browser
def test_points_are_reached_and_picked_by_keyboard(page):
    page.run("document.querySelector('svg.scatter').focus()")
    page.key("ArrowLeft")
    focused = page.run("voxnas.scatter.focused.name")
    page.key("Enter")
    assert page.run("voxnas.detail.candidate.name") == focused


@needs_browser
def test_exported_files_are_saved_byte_by_byte(page, study):
    for name, files in page.run("voxnas.data.candidates.map(c => [c.name, c.files.map(f => f.name)])"):
        for number, file in enumerate(files):
            saved = f"""(async () => {{ const c = voxnas.data.candidates.find(c => c.name === '{name}');
              const file = await voxnas.unpackedFile(c.files[{number}].packed);
              return new Response(new Blob([file])).text(); }})()"""
            assert page.run(saved) == (study / "phase1" / name / file).read_text()


@needs_browser
def test_the_readers_own_recording_plays_through_the_models(page, tmp_path):
    own = np.random.default_rng(0).uniform(-0.3, 0.3, RATE).astype(np.float32)
    soundfile.write(tmp_path / "own.wav", own, RATE, subtype="FLOAT")
    content = ",".join(map(str, (tmp_path / "own.wav").read_bytes()))
    drop = f"""(() => {{ const files = new DataTransfer();
      files.items.add(new File([new Uint8Array([{content}])], "own.wav", {{ type: "audio/wav" }}));
      document.dispatchEvent(new DragEvent("drop", {{ dataTransfer: files, cancelable: true }})); }})()"""
    page.run(drop)
    page.wait(f"voxnas.player.length === {RATE}")
    assert not page.run("voxnas.player.hasTarget")
    assert page.run("document.querySelector('[data-source=target]').disabled")
    pick(page, "gru")
    back = (
        "[...document.querySelectorAll('button')].find(b => b.textContent === 'back to the preview').click()"
    )
    page.run(back)
    page.wait("voxnas.player.hasTarget")


@needs_browser
def test_a_blind_test_ends_with_its_chances(page, study):
    page.run("document.querySelector('#blind input[aria-label=Trials]').value = 3")
    page.run(
        "[...document.querySelectorAll('#blind button')].find(b => b.textContent === 'Start ABX').click()"
    )
    for trial in range(1, 4):
        page.wait(f"document.querySelector('.stage h4')?.textContent.startsWith('Trial {trial} ')")
        page.run("document.querySelector('[data-letter=B]').click()")
        told = "[...document.querySelectorAll('.sources button')].map(b => [b.disabled, b.ariaPressed])"
        assert page.run(told) == [[True, "false"]] * 4  # who is heard is not to be told
        page.key("1")
        assert page.run("voxnas.player.source") != "dry"
        page.run("document.querySelector('[data-answer=A]').click()")
    page.wait("document.querySelector('.stage h4')?.textContent === 'Result'")
    result = page.run("voxnas.player.tests.result")
    assert len(result["trials"]) == 3
    assert result["right"] == sum(t["x"] == t["answer"] for t in result["trials"])
    chances = {0: 1.0, 1: 7 / 8, 2: 1 / 2, 3: 1 / 8}
    assert result["p_value"] == pytest.approx(chances[result["right"]])
    assert page.run("document.activeElement.textContent") == "save the answers"
    saved(study, result)
    (comparison,) = read_answers(study).comparisons
    assert (comparison["right"], comparison["trials"]) == (result["right"], 3)


@needs_browser
def test_ratings_hide_the_reference_among_the_models(page, study):
    page.run("document.querySelector('#blind input[aria-label=Rounds]').value = 2")
    page.run(
        "[...document.querySelectorAll('#blind button')].find(b => b.textContent === 'Start rating').click()"
    )
    for turn in (1, 2):
        page.wait(f"document.querySelector('.stage h4')?.textContent.startsWith('Round {turn} ')")
        assert page.run("document.querySelectorAll('.stage input[type=range]').length") == len(NETWORKS) + 1
        assert not any(name in page.run("document.querySelector('.stage').textContent") for name in NETWORKS)
        page.run("document.querySelector('[data-answer=next]').click()")
    page.wait("document.querySelector('.stage h4')?.textContent === 'Result'")
    result = page.run("voxnas.player.tests.result")
    assert result["anchor"] in NETWORKS
    assert [set(r["ratings"]) for r in result["rounds"]] == [{"target", *NETWORKS}] * 2
    saved(study, result)
    (ratings,) = read_answers(study).ratings
    assert ratings["rounds"] == [r["ratings"] for r in result["rounds"]]


@needs_browser
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_is_wider_than_the_window(page, width, dark):
    page.size(width, 900, dark)
    assert page.run("document.documentElement.scrollWidth") <= width
    page.size(1200, 900)


HOSTILE = '</script><img src=x onerror="window.hurt=1">'


@needs_browser
def test_a_hostile_study_is_text(tmp_path):
    study = tmp_path / "hostile"
    small_study(study, study=HOSTILE)
    Record(HOSTILE, HOSTILE, "phase1", "failed", "9", reason=HOSTILE, problem="amp").write(
        study / "phase1" / "bad"
    )
    nothing = {
        "score": math.nan,
        "metrics": {"test_esr": math.inf},
        "exports": {"nam": "../../../etc/passwd"},
    }
    lost = {"previews": {"dry": "gone.wav"}, "history": [{"epoch": 0, "score": math.nan}, {}]}
    Record("empty", "x", "phase1", "ok", "8", problem="amp", **nothing, **lost).write(
        study / "phase1" / "empty"
    )
    shutil.rmtree(study / "phase1" / "chain" / "preview")
    (study / "phase1" / "gru" / "model.json").write_text("{")
    html = made(study)
    assert "root:" not in html.read_text()
    with chromium(tmp_path / "profile") as page:
        page.open(html)
        assert page.console == []
        assert page.run("window.hurt") is None
        assert page.run("document.querySelectorAll('img').length") == 0
        assert HOSTILE in page.run("document.body.textContent")
        assert page.run("voxnas.data.candidates.find(c => c.name === 'gru').mute")


def test_thousands_of_candidates_stay_within_the_size(tmp_path):
    records = []
    for number in range(4000):
        shape = {"parameters": 4000 - number, "latency_ms": 1.0}
        records.append(
            Record(f"c{number}", "many", "phase1", "ok", str(number), score=0.01 + number / 1e5, shape=shape)
        )
    for record in records:
        record.write(tmp_path / "many" / "phase1" / record.candidate)
    html = made(tmp_path / "many")
    assert html.stat().st_size <= MOST_BYTES
    text = html.read_text().split('id="data">')[1].split("</script>")[0]
    assert "1000 more are in all_results.csv" in json.loads(text)["words"]


def test_twelve_candidates_play_and_are_saved_from_a_page_of_five_megabytes(tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.01, 10 * RATE).astype(np.float32)  # as a recording has it
    poc = {
        f"l{layers}-c{c}": stack(layers, c).architecture() for layers in (5, 6, 7, 8) for c in (16, 24, 32)
    }
    small_study(tmp_path / "poc", poc, guitar(10) + noise)
    html = made(tmp_path / "poc")
    assert html.stat().st_size <= 5 * 2**20
    candidates = json.loads(html.read_text().split('id="data">')[1].split("</script>")[0])["candidates"]
    assert len(candidates) == 12
    for candidate in candidates:
        assert candidate["play"]
        assert all(file["packed"] for file in candidate["files"])
        assert {file["format"] for file in candidate["files"]} == {"nam", "json"}


def test_candidates_are_told_apart_from_each_other_and_from_the_sounds():
    found = unlike([("a", "s"), ("a", "t"), ("a", "t"), ("target", "s"), ("", "s")])
    assert found == ["a", "t/a", "a (2)", "s/target", "s/"]
