"""A session goes on at another sample rate: no click, the right pitch, and the knobs where they were."""

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voxnas.audio.streams import open_source
from voxnas.engine.at_host_rate import AtHostRate
from voxnas.engine.live.control import change_rate
from voxnas.engine.live.file_driver import FileDriver
from voxnas.engine.live.model_bank import ModelBank, Slot, at_rate
from voxnas.engine.live.player import FADE_MS, Bypass
from voxnas.utils.errors import InputError

TONE_HZ, LEVEL = 441.0, 0.5
SECONDS = 1 / 3  # whole periods, so that one tone may follow another


def tone(rate: int, seconds: float = SECONDS) -> np.ndarray:
    time_s = np.arange(round(seconds * rate)) / rate
    return (LEVEL * np.sin(2 * np.pi * TONE_HZ * time_s)).astype(np.float32)


def like_its_input(host_rate: int) -> AtHostRate:
    """A model of 48 kHz that changes nothing, played at the host's rate."""
    return AtHostRate(Bypass(), 48_000, host_rate)


def bank_at(rate: int) -> ModelBank:
    return ModelBank([at_rate(Slot("wire", like_its_input, 48_000, 1000), rate)], rate, 64)


def pitch(signal: np.ndarray, rate: int) -> float:
    size = 1 << 20
    return int(np.argmax(np.abs(np.fft.rfft(signal * np.hanning(len(signal)), size)))) * rate / size


def slope(rate: int) -> float:
    """The most by which the tone moves from sample to sample, and what a fade adds."""
    return LEVEL * (2 * np.pi * TONE_HZ + np.pi / 2 / (FADE_MS / 1000)) / rate


def play(bank: ModelBank, signal: np.ndarray) -> np.ndarray:
    blocks = np.split(signal, range(64, len(signal), 64))
    return np.concatenate([bank.player.process(block).copy() for block in blocks])


@pytest.mark.parametrize(("first", "then"), [(44_100, 96_000), (96_000, 44_100), (48_000, 88_200)])
def test_a_tone_goes_on_at_its_pitch_without_a_jump(first: int, then: int) -> None:
    bank = bank_at(first)
    before = play(bank, tone(first))
    bank.player.rest()
    fading = play(bank, tone(first))
    assert bank.player.resting
    assert not fading[-64:].any()
    bank.prepare_rate(then)()
    assert bank.player.sample_rate == then
    after = play(bank, tone(then))
    assert np.abs(np.diff(np.concatenate([before[1000:], fading]))).max() < slope(first)
    assert np.abs(np.diff(np.concatenate([np.zeros(1), after]))).max() < slope(then)
    for played, rate in ((before, first), (after, then)):
        assert pitch(played[rate // 10 :], rate) == pytest.approx(TONE_HZ, abs=0.3)
        assert np.abs(played[rate // 10 :]).max() == pytest.approx(LEVEL, rel=1e-3)
    assert bank.player.load.seconds == pytest.approx(3 * SECONDS)


def wait_for(driver: FileDriver, bank: ModelBank, seconds: float) -> None:
    while driver.active and bank.player.load.seconds < seconds:
        time.sleep(0.01)


def test_a_file_that_plays_changes_its_rate_within_a_silence_and_is_written_at_the_first(
    tmp_path: Path,
) -> None:
    soundfile.write(tmp_path / "dry.wav", tone(48_000, 4.0), 48_000, subtype="FLOAT")
    bank, wet = bank_at(48_000), tmp_path / "wet.wav"
    with (
        open_source(tmp_path / "dry.wav") as source,
        FileDriver(bank.player, source, 64, output=wet, subtype="FLOAT") as driver,
    ):
        for seconds in (0.5, 1.0):
            wait_for(driver, bank, seconds)
            change_rate(driver, bank, [48_000, 44_100])
        wait_for(driver, bank, 1.5)
    driver.check()
    assert bank.player.sample_rate == 48_000
    played, rate = soundfile.read(wet, dtype="float32")
    assert rate == 48_000
    assert np.abs(np.diff(played[1000:])).max() < slope(48_000)
    loud = np.abs(np.lib.stride_tricks.sliding_window_view(played, 200)).max(axis=1) > 0.99 * LEVEL
    edges = np.flatnonzero(np.diff(loud.astype(int)))
    stretches = [s for s in np.split(np.arange(len(loud)), edges + 1) if loud[s[0]] and len(s) > 10_000]
    assert len(stretches) == 3
    for stretch in stretches:
        assert pitch(played[stretch], 48_000) == pytest.approx(TONE_HZ, abs=0.5)


class Takes:
    """A driver of which only its rates are asked for."""

    def __init__(self, *rates: int) -> None:
        self.rates = rates

    def takes(self, rate: int) -> bool:
        return rate in self.rates


def test_rates_that_the_device_has_not_are_passed_over() -> None:
    bank = bank_at(48_000)
    change_rate(Takes(48_000), bank, [44_100, 48_000, 96_000])  # type: ignore[arg-type]
    assert bank.player.sample_rate == 48_000


def test_a_rate_at_which_the_model_cannot_play_is_refused_and_what_plays_goes_on() -> None:
    bank = bank_at(48_000)
    with pytest.raises(InputError, match="more than 8 times"):
        bank.prepare_rate(500_000)
    assert bank.player.sample_rate == 48_000
    assert len(play(bank, tone(48_000))) == len(tone(48_000))
