"""`src/inspect_pair.py` and `src/normalize_pair.py`, run as a user runs them."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import butter, lfilter

ROOT = Path(__file__).resolve().parents[1]
RATE = 16_000
PICTURES = {"waveforms.png", "spectra.png", "levels.png", "delay.png"}


def run(script: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "VOXNAS_LOG_DIR": str(folder / "logs"), "COLUMNS": "200"}
    command = [sys.executable, str(ROOT / "src" / script), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """dry.wav, and amp.wav: distorted, inverted, 200 samples late."""
    dry = lfilter(*butter(1, 600, fs=RATE), np.random.default_rng(0).standard_normal(6 * RATE))
    amped = -0.2 * np.tanh(4 * np.concatenate((np.zeros(200), dry[:-200])))
    soundfile.write(tmp_path / "dry.wav", dry, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "amp.wav", amped, RATE, subtype="PCM_24")
    return tmp_path


def test_inspect_shows_checks_and_draws(folder: Path) -> None:
    result = run("inspect_pair.py", folder, "input=dry.wav", "target=amp.wav")
    assert result.returncode == 0, result.stderr
    for word in ("clipping", "dc offset", "polarity", "inverted", "samples (12.", "nonlinear fit"):
        assert word in result.stdout
    assert {path.name for path in (folder / "logs/inspect/amp").iterdir()} == PICTURES


def test_inspect_shows_every_error_and_fails(folder: Path) -> None:
    soundfile.write(folder / "silent.wav", np.zeros(3 * RATE), RATE)
    result = run("inspect_pair.py", folder, "input=dry.wav", "target=silent.wav", "output_dir=out")
    assert result.returncode == 1
    assert "silent (" in result.stdout
    assert "3.00 s longer" in result.stdout
    assert {path.name for path in (folder / "out").iterdir()} == PICTURES - {"delay.png"}


def test_a_missing_file_is_one_line(folder: Path) -> None:
    for script in ("inspect_pair.py", "normalize_pair.py"):
        result = run(script, folder, "input=dry.wav", "target=none.wav", "output_dir=out")
        assert result.returncode == 2
        assert result.stderr.count("\n") == 1
        assert "none.wav: no such file" in result.stderr
    assert not (folder / "out").exists()


@pytest.mark.parametrize(("mode", "level_db"), [("peak", -3), ("rms", -24)])
def test_normalize_writes_an_aligned_copy(folder: Path, mode: str, level_db: float) -> None:
    arguments = ["input=dry.wav", "target=amp.wav", "output_dir=out", f"mode={mode}", f"level_db={level_db}"]
    result = run("normalize_pair.py", folder, *arguments)
    assert result.returncode == 0, result.stderr
    dry, original = (soundfile.read(path)[0] for path in (folder / "out/dry.wav", folder / "dry.wav"))
    amped, _ = soundfile.read(folder / "out/amp.wav")
    reached = np.abs(amped).max() if mode == "peak" else np.sqrt(np.mean(amped**2))
    assert 20 * np.log10(reached) == pytest.approx(level_db, abs=0.01)
    assert np.array_equal(dry, original[: len(dry)])
    late = 200 - (len(original) - len(dry))
    assert 0 <= late <= 3
    shape = -np.tanh(4 * dry[: len(dry) - late])
    assert np.corrcoef(amped[late:], shape)[0, 1] > 0.99999
    assert soundfile.info(folder / "out/amp.wav").subtype == "FLOAT"
    gain = np.abs(amped).max() / np.abs(soundfile.read(folder / "amp.wav")[0]).max()
    assert f"gain {20 * np.log10(gain):+.2f} dB" in result.stdout


def test_normalize_never_overwrites_or_clips(folder: Path) -> None:
    before = (folder / "dry.wav").read_bytes()
    result = run("normalize_pair.py", folder, "input=dry.wav", "target=amp.wav", "output_dir=.")
    assert (result.returncode, (folder / "dry.wav").read_bytes()) == (2, before)
    assert "is an original" in result.stderr
    loud = ["input=dry.wav", "target=amp.wav", "output_dir=out", "mode=rms", "level_db=0"]
    result = run("normalize_pair.py", folder, *loud)
    assert result.returncode == 2
    assert "would clip" in result.stderr
    assert not (folder / "out").exists()
