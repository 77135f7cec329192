"""What tests of the whole path share: a tiny recording, the configs as scripts see them, and the scripts."""

import logging
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from voxnas.audio.pair import Pair
from voxnas.data.amp_pair import Recording
from voxnas.data.sections import Sections
from voxnas.utils.app import prepare_environment

ROOT = Path(__file__).parents[1]
RATE = 8000
SAMPLES = 3 * RATE


class Result(NamedTuple):
    """How a script ended, and what it said."""

    code: int
    out: str
    err: str


def dry_signal() -> np.ndarray:
    """3 s of decaying notes with a little noise, float32."""
    random = np.random.default_rng(0)
    time_s = np.arange(SAMPLES) / RATE
    since_stroke_s = time_s % 0.3
    notes = random.uniform(80, 600, size=10).repeat(SAMPLES // 10)
    tone = np.sin(2 * np.pi * notes * since_stroke_s) + 0.3 * np.sin(4 * np.pi * notes * since_stroke_s)
    return (0.4 * tone * np.exp(-4 * since_stroke_s) + 0.02 * random.standard_normal(SAMPLES)).astype("f4")


def amp(dry: np.ndarray) -> np.ndarray:
    """A static nonlinearity and a two-tap filter: easy to learn, not linear."""
    bent = np.tanh(3 * dry + 0.2) - np.tanh(0.2)
    return (0.5 * bent + 0.2 * np.concatenate([[0], bent[:-1]])).astype("f4")


@pytest.fixture(scope="session")
def recording() -> Recording:
    """The tiny pair in memory: 8 kHz; 2 s to train, .5 s to validate and to test."""
    dry = dry_signal()
    pair = Pair(dry, amp(dry), RATE, 0, (), "tiny", "dry.wav", "amp.wav")
    return Recording(pair, Sections((0, 16000), (16000, 20000), (20000, 24000)))


@pytest.fixture(scope="session")
def tiny_pair(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The tiny pair as files: the overrides that train on it."""
    folder = tmp_path_factory.mktemp("pair")
    dry = dry_signal()
    soundfile.write(folder / "dry.wav", dry, RATE, subtype="FLOAT")
    soundfile.write(folder / "amp.wav", amp(dry), RATE, subtype="FLOAT")
    files = [f"data.input={folder / 'dry.wav'}", f"data.target={folder / 'amp.wav'}"]
    return ["data=amp_pair", *files, "data.delay=0", "data.segment_length=512", "data.batch_size=8"]


@pytest.fixture
def log_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for results, which configs and scripts use instead of the project's."""
    monkeypatch.setenv("VOXNAS_LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.setenv("VOXNAS_ROOT", str(ROOT))
    prepare_environment()
    return tmp_path / "logs"


@pytest.fixture
def composed(log_dir: Path) -> Iterator[Callable[..., DictConfig]]:
    """Composes a root config with overrides, inside a running Hydra app as the scripts see it."""

    def compose_config(name: str, *overrides: str) -> DictConfig:
        GlobalHydra.instance().clear()
        path = ROOT / "configs" / name
        initialize_config_dir(str(path.parent), version_base="1.3")
        config = compose(path.name, list(overrides), return_hydra_config=True)
        OmegaConf.set_readonly(config, False)
        config.hydra.runtime.output_dir = str(log_dir / "run")
        HydraConfig.instance().set_config(config)
        return config

    yield compose_config
    GlobalHydra.instance().clear()


@pytest.fixture
def run_here(
    log_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """Runs src/<name>.py in this process, which saves the imports of a new one."""

    def run(name: str, *arguments: str) -> Result:
        GlobalHydra.instance().clear()
        logging.getLogger("voxnas").handlers.clear()  # they hold the stderr of an earlier test
        monkeypatch.setattr(sys, "argv", [f"src/{name}.py", *arguments])
        capsys.readouterr()
        try:
            runpy.run_path(str(ROOT / "src" / f"{name}.py"), run_name="__main__")
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Result(code, *capsys.readouterr())

    return run


def start_script(name: str, *arguments: str, log_dir: Path) -> subprocess.Popen[str]:
    """Start src/<name>.py as a user does, with its results in `log_dir`."""
    environment = os.environ | {"VOXNAS_LOG_DIR": str(log_dir), "OMP_NUM_THREADS": "1", "COLUMNS": "140"}
    log_dir.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        [sys.executable, str(ROOT / "src" / f"{name}.py"), *arguments],
        cwd=log_dir,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # a shell that runs the tests in the background has children ignore Ctrl-C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def run_script(name: str, *arguments: str, log_dir: Path) -> Result:
    """Run src/<name>.py in a process of its own to its end."""
    process = start_script(name, *arguments, log_dir=log_dir)
    out, err = process.communicate(timeout=300)
    return Result(process.returncode, out, err)
