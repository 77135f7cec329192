"""The scripts that take `model=PATH`, run as a user runs them: on a run's folder and on a `.nam` file."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from voxnas.engine.cost.profile import plugin_cost
from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.export.load import load_model
from voxnas.export.loudness import loudness_db
from voxnas.export.nam import write_nam
from voxnas.export.record_json import write_record_json
from voxnas.models.recurrent import LSTM
from voxnas.models.wavenet import WaveNet, stack
from voxnas.records.record import Record

ROOT = Path(__file__).parents[1]
RATE = 48000


@pytest.fixture
def network() -> WaveNet:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return stack(4, 3, head_scale=0.5)


@pytest.fixture
def nam(network, tmp_path) -> Path:
    return write_nam(network, tmp_path / "amp.nam", RATE, {"name": "amp"})


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs src/<name>.py in this process; returns its exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def script(name: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [f"src/{name}.py", *arguments])
        try:
            runpy.run_path(str(ROOT / "src" / f"{name}.py"), run_name="__main__")
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capsys.readouterr()

    return script


def clip(seconds: float = 3.0) -> np.ndarray:
    return (0.2 * np.random.default_rng(0).standard_normal(round(seconds * RATE))).astype(np.float32)


def write(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return path


def read(path: Path) -> np.ndarray:
    samples, _ = soundfile.read(path, dtype="float32")
    return samples


def test_render_plays_the_whole_file_as_the_network_does(run, nam, network, tmp_path):
    dry = write(tmp_path / "dry.wav", clip())
    code, out, _ = run("render", f"model={nam}", f"input={dry}", "output=deep/wet.wav")
    assert code == 0
    assert "3.0 s" in out
    wet = tmp_path / "deep" / "wet.wav"
    assert soundfile.info(wet).subtype == "FLOAT"
    np.testing.assert_allclose(read(wet), play(make_engine(network), clip()), rtol=0, atol=1e-6)
    assert [path.name for path in wet.parent.iterdir()] == ["wet.wav"]
    assert {path.name for path in tmp_path.iterdir()} == {
        "amp.nam",
        "dry.wav",
        "deep",
    }  # Hydra leaves nothing


def test_render_takes_the_channel_asked_for_or_the_louder(run, nam, network, tmp_path):
    quiet, loud = 0.1 * clip(1), clip(1)
    write(tmp_path / "dry.wav", np.stack([quiet, loud], axis=1))
    assert "the louder, 1" in run("render", f"model={nam}", "input=dry.wav", "output=a.wav")[1]
    assert run("render", f"model={nam}", "input=dry.wav", "output=b.wav", "channel=0")[0] == 0
    for name, channel in (("a.wav", loud), ("b.wav", quiet)):
        expected = play(make_engine(network), channel)
        np.testing.assert_allclose(read(tmp_path / name), expected, rtol=0, atol=1e-6)
    assert "no channel 2" in run("render", f"model={nam}", "input=dry.wav", "output=c.wav", "channel=2")[2]


def test_render_converts_another_rate_with_a_note_unless_told_to_refuse(run, nam, tmp_path):
    time_s = np.arange(44100) / 44100
    write(tmp_path / "dry.wav", 0.2 * np.sin(2 * np.pi * 220 * time_s), 44100)
    arguments = (f"model={nam}", "input=dry.wav", "output=wet.wav")
    code, _, error = run("render", *arguments, "resample=false")
    assert code == 2
    assert "has 44100 Hz, the model 48000 Hz" in error
    assert not (tmp_path / "wet.wav").exists()
    code, out, _ = run("render", *arguments)
    assert code == 0
    assert "note: dry.wav: has 44100 Hz, the model 48000 Hz: converted there and back" in out
    info = soundfile.info(tmp_path / "wet.wav")
    assert (info.frames, info.samplerate) == (44100, 44100)
    # what the model makes of the same tone at its own rate, on the samples' common instants
    own = play(make_engine(load_model(nam).network), 0.2 * np.sin(2 * np.pi * 220 * np.arange(RATE) / RATE))
    np.testing.assert_allclose(read(tmp_path / "wet.wav")[4410:39690:147], own[4800:43200:160], atol=2e-4)


def test_render_says_when_an_integer_file_clips(run, network, tmp_path):
    write(tmp_path / "dry.wav", 100 * clip(1))
    network.head_scale = 10.0
    nam = write_nam(network, tmp_path / "amp.nam", RATE, {"name": "amp"})
    arguments = (f"model={nam}", "input=dry.wav")
    assert "over full scale" in run("render", *arguments, "output=a.wav", "subtype=PCM_16")[1]
    assert "over full scale" not in run("render", *arguments, "output=b.wav")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["input=none.wav", "output=wet.wav"], "none.wav: no such file"),
        (["input=text.wav", "output=wet.wav"], "text.wav: cannot be read as audio"),
        (["input=nan.wav", "output=wet.wav"], "nan.wav: holds NaN or infinity near 0."),
        (["input=empty.wav", "output=wet.wav"], "empty.wav: holds no audio"),
        (["input=dry.wav", "output=dry.wav"], "is the input itself"),
        (["input=dry.wav", "output=dry.wav/wet.wav"], "wet.wav: cannot be written"),
        (["input=cut.flac", "output=wet.wav"], "cut.flac: c"),
        (["input=dry.wav", "output=wet.txt"], ".txt is not a sound file's"),
        (["input=dry.wav", "output=wet.flac", "subtype=FLOAT"], "FLAC file cannot hold FLOAT"),
        (["input=dry.wav", "output=wet.wav", "engine=warp"], "unknown engine 'warp'"),
        (["input=dry.wav", "output=wet.wav", "submodel=1"], "no submodel 1"),
    ],
)
def test_render_refuses_in_one_line_and_writes_nothing(run, nam, tmp_path, arguments, message):
    broken = clip(1)
    broken[20000] = np.nan
    write(tmp_path / "nan.wav", broken)
    write(tmp_path / "empty.wav", np.zeros(0))
    write(tmp_path / "dry.wav", clip(1))
    soundfile.write(tmp_path / "whole.flac", clip(5), RATE)
    (tmp_path / "cut.flac").write_bytes((tmp_path / "whole.flac").read_bytes()[:150_000])
    (tmp_path / "text.wav").write_text("not audio")
    before = sorted(tmp_path.iterdir())
    code, _, error = run("render", f"model={nam}", *arguments)
    assert code == 2
    assert message in error
    assert error.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_benchmark_prints_a_table_and_writes_json(run, nam, tmp_path):
    code, out, _ = run("benchmark", f"model={nam}", "block_sizes=[256,64]", "blocks=100", "json=timing.json")
    assert code == 0
    assert "RTF" in out
    timings = json.loads((tmp_path / "timing.json").read_text())["timings"]
    assert [timing["block_size"] for timing in timings] == [256, 64]
    for timing in timings:
        assert timing["blocks"] >= 100
        assert timing["sample_rate"] == RATE
        assert timing["rtf"] == pytest.approx(timing["median_ms"] / (1000 * timing["block_size"] / RATE))


def test_benchmark_asks_the_plug_in_s_profile_and_says_what_it_is(run, nam, network, tmp_path):
    code, out, _ = run("benchmark", f"model={nam}", "engine=profile", "json=timing.json")
    assert code == 0
    assert "profile-default-2026-09 engine" in out
    (timing,) = json.loads((tmp_path / "timing.json").read_text())["timings"]
    assert timing["rtf"] == plugin_cost(network.architecture()).rtf
    assert (timing["block_size"], timing["p99_ms"]) == (64, None)


def test_benchmark_asks_another_program_and_passes_on_what_it_says(run, nam, tmp_path):
    (tmp_path / "tool.py").write_text("print('2.5 x real time')")
    given = [f"model={nam}", "engine=command", "block_sizes=[64]", "command.unit=times_realtime"]
    line = f"command.run=['{sys.executable}',tool.py,'{{model}}']"
    code, out, error = run("benchmark", *given, line, "command.pattern='(.*) x'", "json=timing.json")
    assert code == 0, error
    assert json.loads((tmp_path / "timing.json").read_text())["timings"][0]["rtf"] == pytest.approx(0.4)
    assert "0.4000" in out
    (tmp_path / "tool.py").write_text("raise SystemExit('no such amp')")
    code, _, error = run("benchmark", *given, line, "command.pattern='(.*) x'")
    assert code == 2
    assert error.endswith("failed with exit code 1: no such amp\n")
    assert error.count("\n") == 1


def test_export_of_a_run_measures_its_metadata_and_sounds_the_same(run, network, tmp_path):
    folder = tmp_path / "run"
    write_record_json(network, folder / "model.json", RATE)
    code, out, _ = run("export", "model=run", "metadata.name=My amp", "metadata.input_level_dbu=12")
    assert code == 0
    written = folder / f"{network.name}.nam"
    assert written.name in out
    model = load_model(written)
    assert (model.metadata["name"], model.metadata["input_level_dbu"]) == ("My amp", 12)
    assert model.metadata["loudness"] < 0
    expected = play(make_engine(network), clip(1))
    np.testing.assert_allclose(play(make_engine(model.network), clip(1)), expected, rtol=0, atol=1e-5)


def test_export_to_json_and_back_keeps_the_metadata(run, nam, tmp_path):
    assert run("export", f"model={nam}", "format=json", "output=amp.json")[0] == 0
    assert load_model(tmp_path / "amp.json").metadata["name"] == "amp"
    assert run("export", "model=amp.json", "output=again.nam")[0] == 0
    again = load_model(tmp_path / "again.nam")
    np.testing.assert_allclose(
        play(make_engine(again.network), clip(1)),
        play(make_engine(load_model(nam).network), clip(1)),
        atol=1e-5,
    )


def test_export_keeps_what_the_model_says_of_its_training(run, network, tmp_path):
    training = {"settings": {"epochs": 7}, "validation_esr": 0.25}
    write_nam(network, tmp_path / "amp.nam", RATE, {"training": training})
    assert run("export", "model=amp.nam", "output=again.nam")[0] == 0
    assert load_model(tmp_path / "again.nam").metadata["training"] == training


def test_export_of_a_container_joins_its_metadata_and_says_what_it_leaves(run, network, tmp_path):
    training = {"settings": {"epochs": 7}, "validation_esr": 0.25, "data": {"latency": 3}}
    inner = {"loudness": -20.5, "gain": 0.7, "name": None, "training": training}
    small, large = (
        json.loads(write_nam(stack(2, c), tmp_path / "x.nam", RATE, inner).read_text()) for c in (2, 3)
    )
    submodels = [{"max_value": 0.5, "model": small}, {"max_value": 1.0, "model": large}]
    outer = {"name": "both", "input_level_dbu": 14.76, "loudness": -33.0}
    content = {"version": "0.7.0", "architecture": "SlimmableContainer", "weights": [], "metadata": outer}
    (tmp_path / "both.nam").write_text(json.dumps(content | {"config": {"submodels": submodels}}))
    code, out, _ = run("export", "model=both.nam", "output=large.nam", "metadata.gear_make=Acme")
    assert code == 0
    assert "both.nam holds 2 models; this is submodel=1, submodel=0 to 1 pick" in out
    assert "format=nam_container keeps all" in out
    metadata = load_model(tmp_path / "large.nam").metadata
    assert "date" in metadata
    del metadata["date"]
    told = {"name": "both", "input_level_dbu": 14.76, "gear_make": "Acme", "training": training}
    assert metadata == {**told, "loudness": -20.5, "gain": 0.7}
    assert run("export", "model=both.nam", "submodel=0", "output=small.nam")[0] == 0
    assert load_model(tmp_path / "small.nam").network.summary()["channels"] == 2


@pytest.mark.parametrize("value", [None, "loud", True])
def test_export_measures_the_loudness_that_a_file_does_not_bring(run, network, tmp_path, value):
    write_nam(network, tmp_path / "amp.nam", RATE, {"loudness": value, "gain": 0.125})
    assert run("export", "model=amp.nam", "output=again.nam")[0] == 0
    metadata = load_model(tmp_path / "again.nam").metadata
    assert metadata["gain"] == 0.125
    assert metadata["loudness"] == loudness_db(make_engine(network), RATE)


def test_export_of_a_run_measures_its_loudness_anew(run, network, tmp_path):
    folder = tmp_path / "run"
    write_record_json(network, folder / "model.json", RATE, {"loudness": -3.0})
    Record("amp", "s", "phase1", "ok", identity="x").write(folder)
    assert run("export", "model=run", "output=amp.nam")[0] == 0
    assert load_model(tmp_path / "amp.nam").metadata["loudness"] == loudness_db(make_engine(network), RATE)


def test_export_of_a_header_is_named_and_filled_after_the_model(run, nam, tmp_path):
    assert run("export", f"model={nam}", "format=header", "metadata.input_level_dbu=12")[0] == 0
    text = nam.with_suffix(".h").read_text()
    assert "class Model" in text
    assert f"int sample_rate = {RATE};" in text
    assert "double input_level_dbu = 12.0;" in text


def test_export_knows_the_formats_of_recurrent_networks(run, tmp_path):
    folder = tmp_path / "run"
    write_record_json(LSTM(8, skip=True, name="my/lstm"), folder / "model.json", RATE)
    assert run("export", "model=run", "format=aidax", "metadata.modeled_by=Me")[0] == 0
    written = load_model(folder / "my_lstm.aidax.json")
    assert (written.sample_rate, written.metadata["modeled_by"]) == (RATE, "Me")
    expected = play(make_engine(load_model(folder).network), clip(0.1))
    np.testing.assert_allclose(play(make_engine(written.network), clip(0.1)), expected, atol=1e-5)
    code, _, error = run("export", "model=run", "format=rtneural")
    assert code == 2
    assert "train with skip=false" in error


def test_export_of_several_models_is_one_file_that_render_plays_each_of(run, nam, network, tmp_path):
    small = stack(1, 1, head_scale=0.5)
    write_record_json(small, tmp_path / "a run, small" / "model.json", RATE)
    models = f"models=[{nam},'{tmp_path / 'a run, small'}']"
    code, out, _ = run("export", models, "format=nam_container", "output=all.nam", "metadata.name=5150")
    assert code == 0
    assert "slim 0 to 0.5: " in out
    assert load_model(tmp_path / "all.nam").metadata["name"] == "amp"  # its own
    assert json.loads((tmp_path / "all.nam").read_text())["metadata"]["name"] == "5150"
    dry = write(tmp_path / "dry.wav", clip(0.1))
    for place, expected in enumerate((small, network)):
        arguments = ("model=all.nam", f"submodel={place}", f"input={dry}", "output=wet.wav")
        assert run("render", *arguments)[0] == 0
        np.testing.assert_allclose(
            read(tmp_path / "wet.wav"), play(make_engine(expected), clip(0.1)), rtol=0, atol=1e-6
        )
    code, _, error = run("export", "format=nam_container", "output=none.nam")
    assert (code, error.count("\n")) == (2, 1)


def test_export_refuses_what_it_cannot_write(run, nam):
    assert "format=exe is unknown" in run("export", f"model={nam}", "format=exe")[2]
    assert "is the model itself" in run("export", f"model={nam}")[2]


def _without_rate(nam: Path) -> Path:
    content = json.loads(nam.read_text())
    del content["sample_rate"]
    nam.write_text(json.dumps(content))
    return nam


def test_a_model_without_a_rate_is_for_48_khz_and_every_script_says_so(run, nam, network, tmp_path):
    _without_rate(nam)
    write(tmp_path / "dry.wav", clip(5), 44100)
    write(tmp_path / "wet.wav", play(make_engine(network), clip(5)), 44100)
    said, pair = "amp.nam does not tell its sample rate: 48000 Hz taken", ("input=dry.wav", "target=wet.wav")
    code, out, _ = run("render", f"model={nam}", "input=dry.wav", "output=a.wav")
    assert code == 0
    assert said in out
    assert "has 44100 Hz, the model 48000 Hz: converted" in out
    code, out, error = run("eval", f"model={nam}", *pair, "delay=0")
    assert (code, said in out, "the model 48000 Hz; add resample=true" in error) == (2, True, True)
    code, out, _ = run("benchmark", f"model={nam}", "block_sizes=[256]", "blocks=10", "json=timing.json")
    assert (code, said in out) == (0, True)
    assert json.loads((tmp_path / "timing.json").read_text())["timings"][0]["sample_rate"] == 48000
    code, out, _ = run("export", f"model={nam}", "format=json", "output=b.json")
    assert (code, said in out, load_model(tmp_path / "b.json").sample_rate) == (0, True, 48000)
    code, out, _ = run("realtime_demo", f"model={nam}", "file=dry.wav", "pace=false")
    assert (code, said in out, "at 48000 Hz" in out) == (0, True, True)


def test_sample_rate_says_what_a_model_is_for_in_every_script(run, nam, network, tmp_path):
    _without_rate(nam)
    write(tmp_path / "dry.wav", clip(5), 44100)
    write(tmp_path / "wet.wav", play(make_engine(network), clip(5)), 44100)
    given, pair = (f"model={nam}", "sample_rate=44100"), ("input=dry.wav", "target=wet.wav", "delay=0")
    printed = [
        run("render", *given, "input=dry.wav", "output=a.wav"),
        run("eval", *given, *pair),
        run("benchmark", *given, "block_sizes=[256]", "blocks=10", "json=timing.json"),
        run("export", *given, "format=json", "output=b.json"),
        run("realtime_demo", *given, "file=dry.wav", "pace=false"),
    ]
    assert [code for code, _, _ in printed] == [0] * 5, printed
    assert not any("note:" in out for _, out, _ in printed)
    assert load_model(tmp_path / "b.json").sample_rate == 44100
    assert json.loads((tmp_path / "timing.json").read_text())["timings"][0]["sample_rate"] == 44100
    code, _, error = run("render", f"model={nam}", "sample_rate=-1", "input=dry.wav", "output=c.wav")
    assert (code, "sample_rate=-1: give a whole number from 1000" in error) == (2, True)


def test_a_proteus_file_is_for_44_1_khz(run, tmp_path):
    network = LSTM(40, skip=True)
    write_record_json(network, tmp_path / "made.json", 48000)
    code, out, _ = run("export", "model=made.json", "format=proteus", "output=amp.json")
    assert code == 0
    assert "proteus files play at 44100 Hz" in out
    write(tmp_path / "dry.wav", clip(1), 44100)
    code, out, _ = run("render", "model=amp.json", "input=dry.wav", "output=wet.wav")
    assert code == 0
    assert "amp.json does not tell its sample rate: 44100 Hz taken" in out
    assert "converted" not in out


def test_eval_of_a_target_that_the_model_made_is_perfect_and_of_a_louder_one_is_known(
    run, nam, network, tmp_path
):
    dry, wet = clip(5), play(make_engine(network), clip(5))
    write(tmp_path / "dry.wav", dry)
    write(tmp_path / "wet.wav", wet)
    write(tmp_path / "loud.wav", 2 * wet)
    arguments = (f"model={nam}", "input=dry.wav", "delay=0", "json=scores.json")
    code, out, _ = run("eval", *arguments, "target=wet.wav")
    assert code == 0
    assert "pre_emphasised_esr" in out
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["esr"] == pytest.approx(0, abs=1e-9)
    assert scores["mrstft"] == pytest.approx(0, abs=1e-3)
    run("eval", *arguments, "target=loud.wav", "section=1:4.5")
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["section_s"] == [1, 4.5]
    assert scores["esr"] == pytest.approx(0.25, abs=1e-5)
    assert scores["pre_emphasised_esr"] == pytest.approx(0.25, abs=1e-5)


@pytest.mark.parametrize("section", ["4:1", "0:99", "x:y", "nan:2", "3"])
def test_eval_refuses_a_section_that_is_not_there(run, nam, network, tmp_path, section):
    write(tmp_path / "dry.wav", clip(5))
    write(tmp_path / "wet.wav", play(make_engine(network), clip(5)))
    arguments = (f"model={nam}", "input=dry.wav", "target=wet.wav", "delay=0", f"section={section}")
    code, _, error = run("eval", *arguments)
    assert code == 2
    assert "section=" in error


def test_an_error_is_one_line_without_traceback(tmp_path):
    command = [
        sys.executable,
        str(ROOT / "src" / "render.py"),
        "model=none.nam",
        "input=a.wav",
        "output=b.wav",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: none.nam: no such model")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_export_writes_a_model_for_twice_its_rate_that_plain_players_take(run, nam, network, tmp_path):
    code, out, _ = run("export", f"model={nam}", "at_rate=96000", "format=nam")
    assert code == 0
    assert "amp-96000.nam" in out
    fast = load_model(tmp_path / "amp-96000.nam")
    assert fast.sample_rate == 96000
    x = clip(0.1)
    played = play(make_engine(fast.network), np.repeat(x, 2))
    np.testing.assert_allclose(played[::2], play(make_engine(network), x), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["at_rate=44100"], "plays at whole multiples of its rate, not at 0.9187 times"),
        (["at_rate=0"], "at_rate=0 is not a rate in Hz, such as 96000"),
        (["at_rate=96000", "format=nam_container", "output=x.nam"], "export them one by one"),
    ],
)
def test_a_rate_that_a_model_cannot_be_written_for_is_one_line(run, nam, arguments, message):
    code, _, err = run("export", f"model={nam}", *arguments)
    assert code == 2
    assert message in err
    assert len(err.strip().splitlines()) == 1
