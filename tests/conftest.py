"""What tests of the whole path share: the tiny recording, configs as scripts see them, and the scripts."""

import copy
import gc
import logging
import os
import runpy
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import soundfile
from finished_run import Run
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hypothesis import settings
from omegaconf import DictConfig, OmegaConf
from scripts import ROOT, Result
from tiny_amp import RATE, amp, dry_signal

from voxnas.audio.pair import Pair
from voxnas.kernels.build import SOURCES, Unavailable, load
from voxnas.problems.amp.data.amp_pair import Recording
from voxnas.problems.amp.data.sections import Sections
from voxnas.utils import interrupt
from voxnas.utils.app import prepare_environment

# The same cases on every run, so that a red test is about the change at hand; `make test-all` draws new ones
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("exploring", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@cache
def keep_what_was_imported(by: str) -> None:
    """It stays: each collection of garbage, as after every training, would take .3 s to see so."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Build native code that is not there yet by all cores at once: each worker would build all of it."""
    if not hasattr(session.config, "workerinput") and session.config.getoption("numprocesses", None):
        sources = sorted((path.name for path in SOURCES.glob("*.cpp")), key=lambda name: "train" not in name)
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # the longest first
            list(pool.map(built, sources))


def built(source: str) -> bool:
    """Whether a native source could be built here."""
    try:
        return bool(load(source))
    except Unavailable:
        return False


def pytest_collection_finish() -> None:
    keep_what_was_imported("the tests")


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    """A file is written whole or not at all, but no test cuts the power: syncing thousands takes minutes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def configs_are_read_once() -> Iterator[None]:
    """A config file that did not change since is not parsed again: that is a third of composing a config."""
    known: dict[tuple[str, int, int], Any] = {}
    load_file = OmegaConf.load

    def load_once(source: Any) -> Any:
        if not hasattr(source, "fileno"):
            return load_file(source)
        now = os.fstat(source.fileno())
        key = (source.name, now.st_mtime_ns, now.st_size)
        if key not in known:
            known[key] = load_file(source)
        return copy.deepcopy(known[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OmegaConf, "load", staticmethod(load_once))
        yield


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
def finished(recording: Recording, tmp_path: Path) -> Run:
    """A run that has come to its end, for callbacks to be asked about."""
    return Run(recording, tmp_path)


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

    def compose_config(name: str, *overrides: str, configs: Path = ROOT / "configs") -> DictConfig:
        GlobalHydra.instance().clear()
        path = configs / name
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
        finally:
            interrupt.started()
            keep_what_was_imported(name)
        return Result(code, *capsys.readouterr())

    return run
