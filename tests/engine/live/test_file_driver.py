"""A file is played at its own pace, and what comes too late is counted."""

import time

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from voxnas.audio.resample import resample
from voxnas.audio.streams import open_source
from voxnas.engine.base import StreamingEngine
from voxnas.engine.live.file_driver import FileDriver, in_blocks
from voxnas.engine.live.player import Bypass, Player
from voxnas.utils.errors import InputError

RATE = 48000


def clip(samples: int) -> np.ndarray:
    return (0.2 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)


@pytest.fixture
def dry(tmp_path):
    """One second at 48 kHz and a bit more than a whole number of blocks."""
    path = tmp_path / "dry.wav"
    soundfile.write(path, clip(RATE + 7), RATE, subtype="FLOAT")
    return path


def play_to_its_end(player, path, block_size=480, **options) -> tuple[FileDriver, float]:
    start = time.perf_counter()
    with open_source(path) as source, FileDriver(player, source, block_size, **options) as driver:
        while driver.active:
            time.sleep(0.005)
    driver.check()
    return driver, time.perf_counter() - start


def test_it_takes_as_long_as_the_sound_lasts_and_writes_what_was_played(dry, tmp_path):
    player = Player(Bypass(), RATE, output_gain_db=-6)
    driver, seconds = play_to_its_end(player, dry, output=tmp_path / "wet.wav")
    assert 0.99 <= seconds < 3
    assert (player.load.blocks, player.load.samples) == (101, RATE + 7)
    assert player.load.misses <= player.load.xruns + 1
    wet, rate = soundfile.read(tmp_path / "wet.wav", dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(wet, clip(RATE + 7) * 10 ** (-6 / 20), rtol=1e-5)
    assert driver.written is not None
    assert driver.written.samples == RATE + 7


def test_without_pace_it_is_as_fast_as_it_goes_and_nothing_is_late(dry):
    player = Player(Bypass(), RATE)
    _, seconds = play_to_its_end(player, dry, pace=False)
    assert seconds < 0.9
    assert (player.load.blocks, player.load.xruns) == (101, 0)


def test_a_file_of_another_rate_is_converted_on_the_way(tmp_path):
    soundfile.write(tmp_path / "dry.wav", clip(44100), 44100, subtype="FLOAT")
    player = Player(Bypass(), RATE)
    play_to_its_end(player, tmp_path / "dry.wav", 64, pace=False, output=tmp_path / "wet.wav")
    wet, rate = soundfile.read(tmp_path / "wet.wav", dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(wet, resample(clip(44100), 44100, RATE), atol=2e-6)


class Stalls(StreamingEngine):
    """Takes 50 ms for every tenth block."""

    name = "stalls"

    def __init__(self) -> None:
        self.calls = 0

    def reset(self) -> None:
        self.calls = 0

    def process(self, block):
        self.calls += 1
        if self.calls % 10 == 0:
            time.sleep(0.05)
        return block


def test_an_engine_that_stalls_misses_deadlines_and_the_clock_starts_again(dry):
    player = Player(Stalls(), RATE)
    _, seconds = play_to_its_end(player, dry)
    assert player.load.misses >= 10
    assert player.load.xruns >= 10
    assert player.load.max >= 5
    assert seconds >= 1.3  # each of ten stalls leaves a gap of 40 ms


def test_it_stops_between_two_blocks_and_keeps_what_was_played(dry, tmp_path):
    player = Player(Bypass(), RATE)
    with open_source(dry) as source, FileDriver(player, source, 480, output=tmp_path / "wet.wav") as driver:
        while player.load.blocks < 5:
            time.sleep(0.005)
    driver.check()
    wet, _ = soundfile.read(tmp_path / "wet.wav", dtype="float32")
    assert 5 * 480 <= len(wet) == player.load.samples < RATE
    np.testing.assert_allclose(wet, clip(RATE + 7)[: len(wet)], rtol=1e-6)


class Fails(Bypass):
    """Raises at the second block."""

    calls = 0

    def process(self, block):
        self.calls += 1
        if self.calls == 2:
            raise RuntimeError("broken")
        return block


def test_what_goes_wrong_while_playing_is_raised_by_check_and_leaves_no_file(dry, tmp_path):
    with (
        open_source(dry) as source,
        FileDriver(Player(Fails(), RATE), source, 64, output=tmp_path / "o.wav") as d,
    ):
        while d.active:
            time.sleep(0.005)
    with pytest.raises(RuntimeError, match="broken"):
        d.check()
    assert [path.name for path in tmp_path.iterdir()] == ["dry.wav"]
    bad = clip(RATE)
    bad[20000] = np.nan
    soundfile.write(dry, bad, RATE, subtype="FLOAT")
    with pytest.raises(InputError, match=r"NaN or infinity near 0\.4 s"):
        play_to_its_end(Player(Bypass(), RATE), dry, pace=False)


@given(st.lists(st.integers(0, 50), max_size=20), st.integers(1, 30))
def test_blocks_of_one_size_are_the_same_samples(sizes, size):
    signal = np.arange(sum(sizes), dtype=np.float32)
    blocks = list(in_blocks(np.split(signal, np.cumsum(sizes)[:-1]) if sizes else [], size))
    assert all(len(block) == size for block in blocks[:-1])
    np.testing.assert_array_equal(np.concatenate([np.zeros(0, np.float32), *blocks]), signal)
