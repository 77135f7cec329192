"""Rendering a file is exact, does not grow with the file, and leaves nothing half done."""

import tracemalloc

import numpy as np
import pytest
import soundfile
import torch

from voxnas.audio import streams
from voxnas.audio.resample import resample
from voxnas.engine.base import StreamingEngine
from voxnas.engine.make import make_engine
from voxnas.engine.play import play, render
from voxnas.models.wavenet import WaveNet, stack
from voxnas.utils.errors import InputError

RATE = 48000


class Half(StreamingEngine):
    """Halves what it hears."""

    name = "half"

    def reset(self) -> None:
        pass

    def process(self, block):
        return 0.5 * block


class Late(StreamingEngine):
    """Plays what it heard three samples ago."""

    name = "late"

    def reset(self) -> None:
        self.past = np.zeros(3, np.float32)

    def process(self, block):
        heard = np.concatenate([self.past, block])
        self.past = heard[len(block) :]
        return heard[: len(block)]


@pytest.mark.parametrize("samples", [0, 1, 3, 70_000])
def test_what_is_late_is_moved_into_place(tmp_path, samples):
    np.testing.assert_array_equal(play(Late(), clip(samples), 3), clip(samples))
    if samples:
        source = write(tmp_path / "dry.wav", clip(samples))
        render(Late(), source, tmp_path / "wet.wav", sample_rate=RATE, delay_samples=3)
        np.testing.assert_array_equal(soundfile.read(tmp_path / "wet.wav", dtype="float32")[0], clip(samples))


@pytest.fixture
def network() -> WaveNet:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return stack(4, 3, head_scale=0.5)


def clip(samples: int) -> np.ndarray:
    return (0.2 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)


def write(path, samples: np.ndarray, rate: int = RATE, subtype: str = "FLOAT"):
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


@pytest.mark.parametrize(("rate", "samples"), [(44100, 200_001), (96000, 150_000), (22050, 7), (11025, 1)])
def test_between_rates_it_is_the_whole_file_converted_played_and_converted_back(
    tmp_path, network, rate, samples
):
    source = write(tmp_path / "dry.wav", clip(samples), rate)
    done = render(make_engine(network), source, tmp_path / "wet.wav", sample_rate=RATE)
    whole = resample(play(make_engine(network), resample(clip(samples), rate, RATE)), RATE, rate)
    wet, wet_rate = soundfile.read(tmp_path / "wet.wav", dtype="float32")
    assert (wet_rate, done.sample_rate, done.samples) == (rate, rate, samples)
    np.testing.assert_allclose(wet, whole[:samples], rtol=0, atol=2e-6)


@pytest.mark.parametrize("rate", [44100, 88200])
def test_between_rates_the_output_stays_in_place(tmp_path, rate):
    time_s = np.arange(2 * rate) / rate
    sound = (np.sin(2 * np.pi * 3000 * time_s) * np.exp(-(((time_s - 1) / 0.1) ** 2))).astype(np.float32)
    render(Half(), write(tmp_path / "dry.wav", sound, rate), tmp_path / "wet.wav", sample_rate=RATE)
    wet, _ = soundfile.read(tmp_path / "wet.wav", dtype="float32")
    np.testing.assert_allclose(wet, 0.5 * sound, rtol=0, atol=3e-4)


@pytest.mark.parametrize("model_rate", [44100, RATE])
def test_memory_does_not_grow_with_the_file(tmp_path, model_rate):
    def peak_bytes(blocks: int) -> int:
        source = write(tmp_path / "dry.wav", clip(blocks * streams.BLOCK))
        tracemalloc.start()
        render(Half(), source, tmp_path / "wet.wav", sample_rate=model_rate)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak_bytes(2)  # imports and caches
    assert peak_bytes(40) < 1.1 * peak_bytes(4)


def test_progress_goes_from_the_first_block_to_the_whole(tmp_path):
    source = write(tmp_path / "dry.wav", clip(4 * streams.BLOCK))
    shares: list[float] = []
    render(Half(), source, tmp_path / "wet.wav", on_progress=shares.append)
    assert shares == [0.25, 0.5, 0.75, 1.0]
    shares.clear()
    render(Half(), source, tmp_path / "wet.wav", sample_rate=44100, on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


def test_an_interrupt_leaves_what_was_there_before(tmp_path):
    def interrupt(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    source = write(tmp_path / "dry.wav", clip(4 * streams.BLOCK))
    write(tmp_path / "wet.wav", np.ones(10))
    with pytest.raises(KeyboardInterrupt):
        render(Half(), source, tmp_path / "wet.wav", on_progress=interrupt)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dry.wav", "wet.wav"]
    assert soundfile.info(tmp_path / "wet.wav").frames == 10


@pytest.mark.parametrize(
    ("rate", "message"), [(44100, "leave resample=false out"), (47999, "too little in common")]
)
def test_rates_that_may_not_or_cannot_be_converted_are_refused(tmp_path, rate, message):
    source = write(tmp_path / "dry.wav", clip(100), rate)
    with pytest.raises(InputError, match=message):
        render(Half(), source, tmp_path / "wet.wav", sample_rate=RATE, resample=rate != 44100)
    assert [path.name for path in tmp_path.iterdir()] == ["dry.wav"]


def test_what_a_wav_header_cannot_say_goes_into_rf64(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "MOST_BYTES", 4 * 1000)
    for samples, kind in ((1000, "WAV"), (1001, "RF64")):
        source = write(tmp_path / "dry.wav", clip(samples))
        render(Half(), source, tmp_path / "wet.wav")
        assert soundfile.info(tmp_path / "wet.wav").format == kind
        wet, _ = soundfile.read(tmp_path / "wet.wav", dtype="float32")
        np.testing.assert_allclose(wet, 0.5 * clip(samples))
    render(Half(), source, tmp_path / "wet.flac")
    with pytest.raises(InputError, match=r"AIFF file cannot be over 4 GB; give the output the suffix \.wav"):
        render(Half(), source, tmp_path / "wet.aiff", subtype="FLOAT")


@pytest.mark.parametrize("suffix", [".aif", ".aiff", ".flac", ".w64", ".WAV"])
def test_the_suffix_chooses_the_format(tmp_path, suffix):
    render(Half(), write(tmp_path / "dry.wav", clip(1000)), tmp_path / f"wet{suffix}")
    wet, _ = soundfile.read(tmp_path / f"wet{suffix}", dtype="float32")
    np.testing.assert_allclose(wet, 0.5 * clip(1000), atol=2**-22)
