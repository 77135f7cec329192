"""A setting of a wrong type or out of range is one line, before anything starts."""

import signal
import time
from pathlib import Path

import pytest
from scripts import ROOT, start_script

from voxnas.utils.settings import SETTINGS, check_settings

CONFIGS = ROOT / "configs"
ROOTS = sorted(path.stem for path in CONFIGS.glob("*.yaml"))
ROOTS += sorted(f"on_model/{path.stem}" for path in (CONFIGS / "on_model").glob("*.yaml"))
GROUPS = ["model", "data", "training", "training/optimizer", "trainer", "callbacks", "search", "space"]
SWEEP = ["-m", "search=phase1", "space=smoke", "study=bad"]

WRONG = [
    ("train", "data.sample_rate=48k", "a whole number from 1000"),
    ("train", "data.sample_rate=-1", "a whole number from 1000"),
    ("train", "data.seconds=long", "a number above 0"),
    ("train", "data.train=most", "START:STOP in seconds"),
    ("train", "data.train=2", "a number from 0 to 1"),
    ("train", "data.batch_size=0", "a whole number from 1"),
    ("train", "data.segment_length=nan", "a whole number from 1"),
    ("train", "constraints.max_params=10k", "a number, or null"),
    ("train", "constraints.max_latency_ms=true", "a number, or null"),
    ("train", "seed=abc", "a whole number from 0"),
    ("train", "seed=-1", "a whole number from 0"),
    ("train", "objectives=best_val_loss", "a list such as"),
    ("train", "trainer.max_epochs=ten", "a whole number"),
    ("train", "trainer.max_epochs=2.5", "a whole number"),
    ("train", "trainer.max_time=1h", "DD:HH:MM:SS"),
    ("train", "trainer.accelerator=gpus", "one of cpu, cuda"),
    ("train", "training.optimizer.lr=-1", "a number above 0"),
    ("train", "training.optimizer.lr=inf", "a number above 0"),
    ("train", "training.optimizer.betas=0.9", "a list such as"),
    ("train", "training.loss.esr=-1", "a number from 0"),
    ("train", "model.channels=wide", "a whole number from 1"),
    ("train", "export.metadata.input_level_dbu=12.5dBu", "a number from -100 to 100"),
    ("train", "export.metadata.output_level_dbu=nan", "a number from -100 to 100"),
    ("train", "export.metadata.gear_type=Amp", "one of amp, pedal, pedal_amp"),
    ("train", "export.metadata.tone_type=hi-gain", "one of clean, overdrive, crunch, hi_gain, fuzz"),
    ("train", "+export.metadata.loudness=-18", "one of gear_type"),
    ("on_model/export", "metadata.input_level_dbu=12.5dBu", "a number from -100 to 100"),
    ("on_model/export", "metadata.gear_type=Amp", "one of amp, pedal, pedal_amp"),
    ("train", "patience=few", "a whole number from 0"),
    ("train", "callbacks.benchmark.block_sizes=64", "a list such as [512,64]"),
    ("train", "callbacks.benchmark.block_sizes=[]", "a list such as [512,64]"),
    ("on_model/benchmark", "block_sizes=64", "a list such as [512,64]"),
    ("on_model/benchmark", "block_sizes=[64.5]", "a list such as [512,64]"),
    ("on_model/benchmark", "sample_rate=48k", "a whole number from 1000"),
    ("on_model/realtime_demo", "block_size=64.5", "a whole number"),
    ("on_model/realtime_demo", "models=amp.nam", "a list such as [clean.nam,lead.nam]"),
    ("on_model/realtime_demo", "input_gain_db=loud", "a number"),
    ("on_model/render", "channel=left", "a whole number from 0"),
    ("on_model/render", "resample=maybe", "true or false"),
    ("on_model/eval", "section=chorus", "START:STOP in seconds"),
    ("inspect_pair", "delay=late", "auto or a whole number"),
    ("normalize_pair", "level_db=loud", "a number"),
    ("normalize_pair", "mode=loud", "one of peak, rms"),
    ("make_demo", "drive=11", "a number from 0 to 1"),
    ("promote", "keep=half", "a number"),
    ("report", "rebenchmark=perhaps", "true or false"),
    ("space", "samples=many", "a whole number from 1"),
    ("dashboard", "port=http", "a whole number from 0 to 65535"),
]
ARGUMENTS = {
    "on_model/render": ["model=m.nam", "input=i.wav", "output=o.wav"],
    "on_model/eval": ["model=m.nam", "input=i.wav", "target=o.wav"],
    "on_model/benchmark": ["model=m.nam"],
    "on_model/export": ["model=m.nam"],
    "inspect_pair": ["input=i.wav", "target=o.wav"],
    "normalize_pair": ["input=i.wav", "target=o.wav", "output_dir=out"],
    "promote": ["study=mine"],
    "space": ["space=smoke"],
    "on_model/realtime_demo": ["model=m.nam"],
    "report": ["study=mine"],
    "dashboard": ["study=mine"],
}


def given(root: str, argument: str) -> list[str]:
    pair = ["data=amp_pair", "data.input=i.wav", "data.target=o.wav"]
    needs_pair = argument.startswith(("data.sample_rate", "data.delay"))
    return [*ARGUMENTS.get(root, []), *(pair if needs_pair else [])]


def results(log_dir: Path) -> list[Path]:
    return [path for path in log_dir.rglob("*") if path.is_file() or path.parent.name == "nas"]


@pytest.mark.parametrize(("root", "argument", "wanted"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_value_is_one_line_with_key_value_and_what_is_wanted(
    run_here, log_dir, root, argument, wanted
):
    done = run_here(Path(root).name, *given(root, argument), argument)
    assert done.code == 2
    assert done.err.startswith(f"error: {argument.lstrip('+')}: give ")
    assert wanted in done.err
    assert done.err.count("\n") == 1
    assert results(log_dir) == []


@pytest.mark.parametrize("argument", ["trainer.max_epochs=ten", "model.channels=4,x", "data.level=0.5,2"])
def test_in_a_sweep_every_value_is_looked_at_before_the_first_run(run_here, log_dir, argument):
    done = run_here("train", *SWEEP, argument)
    key, _, value = argument.partition("=")
    assert done.code == 2
    assert done.err.startswith(f"error: {key}={value.split(',')[-1]}: give ")
    assert results(log_dir) == []


@pytest.mark.parametrize("root", ROOTS)
def test_every_script_s_defaults_are_of_their_kinds(composed, root):
    check_settings(composed(root))


@pytest.mark.parametrize("group", GROUPS)
def test_every_config_that_is_shipped_is_of_its_kinds(composed, group):
    for path in sorted((CONFIGS / group).glob("*.yaml")):
        check_settings(composed("train", f"{group}={path.stem}", *(["study=s"] if group == "search" else [])))


@pytest.mark.parametrize(
    "arguments",
    [
        ["data.train='0:60'", "data.val=60:75", "data.test='75:'"],
        ["data.test=null", "patience=0", "trainer.max_epochs=-1", "threads=null"],
        ["trainer.max_time=00:00:01:00", "+trainer.limit_train_batches=0.5", "trainer.precision=64"],
        ["constraints.max_params=.5", "constraints.min_params=null", "seed=${patience}", "patience=3"],
        ["model=standard", "callbacks=ema", "training/optimizer=adam", "callbacks.preview=null"],
    ],
)
def test_what_means_something_is_taken(composed, arguments):
    check_settings(composed("train", *arguments))


def test_a_problem_of_somebody_else_s_may_call_its_own_as_it_likes(composed):
    config = composed("train")
    config.data = {"_target_": "elsewhere.Data", "sample_rate": "48k"}
    check_settings(config)


def test_the_table_is_about_settings_that_there_are():
    text = "".join(path.read_text(encoding="utf-8") for path in CONFIGS.rglob("*.yaml"))
    foreign = {"eps", "weight_decay", "overfit_batches", "detect_anomaly"}  # of torch and lightning
    for key in SETTINGS:
        last = key.split(".")[-1]
        assert "*" in last or last in foreign or f"{last}:" in text, key


def test_a_gpu_that_is_not_there_is_one_line_and_no_failed_run(run_here, log_dir, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    done = run_here("train", "trainer=gpu")
    assert done.code == 2
    assert done.err.startswith("error: trainer.accelerator=cuda: PyTorch finds no CUDA GPU here")
    assert not list(log_dir.rglob("record.json"))


def test_a_mistyped_setting_is_one_line(run_here):
    done = run_here("train", "export.metadata.nmae=x")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith("error: export.metadata.nmae: no such setting")


@pytest.mark.parametrize("after_s", [0.3, 1.0])
def test_ctrl_c_at_once_is_one_line(log_dir, after_s):
    process = start_script("train", "study=mine", log_dir=log_dir)
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("interrupted: ")
