"""Sets that are made: the same whoever makes them, and those of the format's own generator byte for byte."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scripts import ROOT
from vimh_sets import make_set

from voxnas.problems.spectral.sounds.demo_rig import DemoRig
from voxnas.problems.spectral.sounds.ladder import implicit, unit_delay
from voxnas.problems.spectral.sounds.notes import Notes
from voxnas.problems.spectral.vimh.dataset import open_set
from voxnas.problems.spectral.vimh.metadata import FILE

SHARED = ROOT.parent / "shared" / "data" / "vimh"
SOUNDS = sorted(path.stem for path in (ROOT / "configs/sound").glob("*.yaml"))
FILES = ("train", "test", FILE)


@pytest.fixture
def generate(run_here, tmp_path):
    def run(*arguments: str, into: str = "sets") -> Path:
        done = run_here("generate_vimh", f"data_dir={tmp_path / into}", *arguments)
        assert done.code == 0, done.err
        return next((tmp_path / into).iterdir())

    return run


def table(folder: Path, seconds: float = 25.0) -> Path:
    rng = np.random.default_rng(0)
    for gain in (1, 2, 3):
        soundfile.write(folder / f"g{gain}.wav", 0.1 * gain * rng.normal(size=int(16000 * seconds)), 16000)
    path = folder / "table.csv"
    path.write_text("file,gain\ng1.wav,1\ng2.wav,2\ng3.wav,3\n")
    return path


@pytest.mark.parametrize("sound", SOUNDS)
def test_every_sound_makes_a_set_that_is_whole(generate, tmp_path, sound):
    given = [f"sound.source.settings={table(tmp_path)}"] if sound == "recordings" else []
    opened = open_set(generate(f"sound={sound}", "samples=15", *given))
    assert len(opened.train) + len(opened.test) == 15
    assert opened.train["image"].std() > 10
    low, high = opened.values(opened.train).min(axis=0), opened.values(opened.train).max(axis=0)
    assert all(k.low <= a and b <= k.high for k, a, b in zip(opened.knobs, low, high, strict=True))


@pytest.mark.slow
def test_the_number_of_processes_changes_no_byte(generate):
    made = [generate("samples=300", "seed=3", f"processes={n}", into=f"by-{n}") for n in (1, 2)]
    assert [(made[0] / f).read_bytes() for f in FILES] == [(made[1] / f).read_bytes() for f in FILES]


def test_another_seed_is_another_set_and_the_same_one_the_same(generate):
    first, again, other = (
        (generate("samples=20", f"seed={seed}", into=f"{i}") / "train").read_bytes()
        for i, seed in enumerate((1, 1, 2))
    )
    assert first == again != other


def test_a_set_that_is_there_is_not_written_over(generate, run_here, tmp_path):
    before = (generate("samples=10") / "train").read_bytes()
    done = run_here("generate_vimh", f"data_dir={tmp_path / 'sets'}", "samples=10", "seed=5")
    assert (done.code, "is there already" in done.err) == (2, True)
    assert (generate("samples=10", "seed=5", "if_missing=true") / "train").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sound.knobs.loudness.min=0", "sound.knobs.loudness.max=1"], "a note has no such knob"),
        (["sound.knobs.note_velocity.max=0"], "is no range"),
        (["sound.picture.width=200"], "the sounds have"),
        (["samples=1"], "give 2 or more"),
        (["sound.source.ladder=steep"], "one of unit_delay, implicit"),
        (["sound=recordings", "sound.source.settings=none.csv"], "cannot be read as a CSV"),
    ],
)
def test_what_cannot_be_made_is_said_in_a_line_and_nothing_is_written(run_here, tmp_path, arguments, words):
    plus = [f"+{a}" if "loudness" in a else a for a in arguments]
    if "ladder" in plus[0]:
        plus[0] = f"+{plus[0]}"
    done = run_here("generate_vimh", f"data_dir={tmp_path / 'sets'}", *plus)
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert words in done.err
    assert not (tmp_path / "sets").exists() or not list((tmp_path / "sets").iterdir())


def test_excerpts_that_test_come_later_than_all_that_are_trained_on(generate, tmp_path):
    path = table(tmp_path)
    for gain in (1, 2, 3):  # silence in what is trained on
        samples, rate = soundfile.read(tmp_path / f"g{gain}.wav")
        samples[: len(samples) * 4 // 5] = 0
        soundfile.write(tmp_path / f"g{gain}.wav", samples, rate)
    opened = open_set(generate("sound=recordings", f"sound.source.settings={path}", "samples=30"))
    assert (opened.train["high"] == -200).all()
    assert (opened.test["high"] > -60).all()
    assert np.unique(opened.values(opened.test)) == pytest.approx([1, 2, 3], abs=0.01)


def test_of_each_part_of_a_recording_the_end_tests(generate, tmp_path):
    path = table(tmp_path)
    for gain in (1, 2, 3):  # silence at the end of both halves
        samples, rate = soundfile.read(tmp_path / f"g{gain}.wav")
        half = len(samples) // 2
        for end in (half, 2 * half):
            samples[end - half // 5 : end] = 0
        soundfile.write(tmp_path / f"g{gain}.wav", samples, rate)
    given = ["sound.source.parts=2", "sound.source.seconds=2.0", "sound.picture.width=20"]
    opened = open_set(generate("sound=recordings", f"sound.source.settings={path}", "samples=60", *given))
    assert (opened.train["high"] > -60).all()
    assert (opened.test["high"] == -200).all()


def test_the_rig_plays_each_setting_on_a_guitar_of_its_own():
    hear = [DemoRig()._stretch(group, 16000, 0) for group in range(8)]
    products = np.corrcoef(np.stack(hear)) - np.eye(8)
    assert np.abs(products).max() < 0.5


def test_an_image_does_not_depend_on_those_made_with_it():
    rig = DemoRig(per_setting=2)
    knobs = {name: np.full(4, 0.5) for name in ("drive", "tone", "level")}
    all_of = rig.play(knobs, 4000, np.arange(4), 4, 0)
    one = rig.play({k: v[:1] for k, v in knobs.items()}, 4000, np.array([3]), 4, 0)
    assert np.array_equal(all_of[3], one[0])


SETS = {
    "saw": ("vimh-32x32x1_8000Hz_1p0s_16dss_simple_2p", 4101),
    "moog_basic": ("vimh-32x32x1_8000Hz_1p0s_12dss_simple_4p", 4102),
    "moog_resonance": ("vimh-48x48x1_8000Hz_1p5s_8dss_simple_8p", 4106),
    "moog_envelope": ("vimh-32x64x1_8000Hz_2p0s_8dss_simple_10p", 4105),
}


@pytest.mark.parametrize("sound", SETS)
def test_sets_are_those_of_the_format_s_own_generator_for_the_same_draws(generate, sound):
    name, seed = SETS[sound]
    if not (SHARED / name).is_dir():
        pytest.skip("no sets of the format's own generator beside the project")
    theirs = open_set(SHARED / name)
    number = len(theirs.train) + len(theirs.test)
    folder = generate(f"sound={sound}", f"samples={number}", f"seed={seed}")  # the seed they were drawn with
    ours = open_set(folder)
    assert json.loads((folder / FILE).read_text()) == json.loads((SHARED / name / FILE).read_text())
    for part in ("train", "test"):
        own, other = getattr(ours, part), getattr(theirs, part)
        assert np.array_equal(own["labels"], other["labels"])
        differing = own["image"].astype(int) - other["image"]
        assert np.abs(differing).max() <= 1
        # -100 dB of the envelope's set is where float32 rounds; else a byte or two, by the machine
        assert (differing != 0).mean() <= (0.02 if sound == "moog_envelope" else 1e-3)
        for end in ("low", "high"):  # dB, to what the rounding of another CPU does to a quiet one
            assert own[end] == pytest.approx(other[end], abs=0.02)


def test_a_low_note_s_harmonics_are_where_they_should_be():
    knobs = {"note_number": [43.35], "note_velocity": [127.0], "log10_decay_time": [9.0]}
    saw = Notes(seconds=1.0).play({k: np.array(v) for k, v in knobs.items()}, 8000)[0]
    spectrum = np.abs(np.fft.rfft(saw)) / len(saw)
    assert spectrum[100::100][:5] * np.arange(1, 6) == pytest.approx(1 / np.pi, rel=0.01)


@pytest.mark.parametrize("ladder", [unit_delay, implicit])
def test_a_ladder_passes_what_is_below_its_cutoff_and_takes_24_db_an_octave_above(ladder):
    rate, time = 48000, np.arange(4800) / 48000
    hz = np.array([100.0, 4000.0, 8000.0])
    quiet = 1e-3 * np.sin(2 * np.pi * hz[:, None] * time)
    cutoff = np.full((3, 1), 1000.0)
    passed = ladder(quiet, cutoff, np.zeros((3, 1)), rate)[:, 2400:]
    db = 20 * np.log10(passed.std(axis=1) / quiet[:, 2400:].std(axis=1))
    assert db[0] > -2
    if ladder is implicit:
        assert db[0] == pytest.approx(-40 * np.log10(1 + 0.1**2), abs=0.1)  # four poles, 1 / (1 + (f/fc)²)²
        assert db[1:] == pytest.approx(-40 * np.log10(1 + np.array([4.0, 8.0]) ** 2), abs=1.0)
    assert -28 < db[2] - db[1] < -20


def test_the_solved_ladder_rings_at_its_cutoff_and_stays_finite():
    impulse = np.zeros((1, 2500))
    impulse[0, 0] = 10.0
    rung = implicit(impulse, np.full((1, 1), 1000.0), np.full((1, 1), 0.99), 8000)[0]
    spectrum = np.abs(np.fft.rfft(rung[500:2500]))
    assert np.isfinite(rung).all()
    assert abs(spectrum.argmax() * 4 - 1000) < 30


def test_the_helper_s_sets_are_sets(tmp_path):
    assert len(open_set(make_set(tmp_path)).train) == 16
