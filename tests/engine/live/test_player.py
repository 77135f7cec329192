"""A player gives what its engine gives, and exchanges engines so that nobody hears a seam."""

import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from voxnas.engine.base import StreamingEngine
from voxnas.engine.live.model_bank import ModelBank, Slot, session_rate
from voxnas.engine.live.player import FADE_MS, Bypass, Player
from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.models.wavenet import WaveNet, stack
from voxnas.utils.errors import InputError

RATE = 48000
FADE = round(FADE_MS / 1000 * RATE)


def network(seed: int) -> WaveNet:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return stack(6, 3, head_scale=0.5)


A, B = network(0), network(1)
FIELD = A.receptive_field


def clip(samples: int = RATE) -> np.ndarray:
    return (0.2 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)


def blocks_of(signal: np.ndarray, size: int = 128) -> list[np.ndarray]:
    return [signal[start : start + size] for start in range(0, len(signal), size)]


def assert_a_then_b(played: np.ndarray, a: np.ndarray, b: np.ndarray, start: int) -> None:
    """All of a up to `start`, all of b a fade later, and between the two a mixture that moves from a to b."""
    np.testing.assert_allclose(played[:start], a[:start], rtol=0, atol=1e-6)
    np.testing.assert_allclose(played[start + FADE :], b[start + FADE :], rtol=0, atol=1e-6)
    fade = slice(start, start + FADE)
    weights = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, FADE + 1) / FADE)
    np.testing.assert_allclose(played[fade], a[fade] + weights * (b[fade] - a[fade]), rtol=0, atol=1e-5)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=20))
def test_without_a_switch_it_is_the_engine(sizes):
    player, signal = Player(make_engine(A), RATE), clip(sum(sizes))
    ends = np.cumsum(sizes)
    played = [player.process(signal[end - n : end]).copy() for end, n in zip(ends, sizes, strict=True)]
    np.testing.assert_allclose(np.concatenate(played), play(make_engine(A), signal), rtol=0, atol=1e-6)
    assert player.load.blocks == sum(size > 0 for size in sizes)
    assert player.load.samples == len(signal)


@pytest.mark.parametrize("size", [64, 100, 1000])
@pytest.mark.parametrize("before", [0, 1, 3, 100])
def test_a_new_engine_sounds_at_once_as_if_it_had_always_played(size, before):
    signal = clip()
    player, played = Player(make_engine(A), RATE, FIELD), []
    for number, block in enumerate(blocks_of(signal, size)):
        if number == before:
            player.switch_to(make_engine(B))
            assert not player.settled
        played.append(player.process(block).copy())
    assert player.settled
    if before * size + FADE < len(signal):
        a, b = play(make_engine(A), signal), play(make_engine(B), signal)
        assert_a_then_b(np.concatenate(played), a, b, before * size)


def test_switching_during_a_fade_waits_for_its_end_and_the_last_wish_counts():
    signal, player, played = clip(), Player(make_engine(A), RATE, FIELD), []
    for number, block in enumerate(blocks_of(signal, 96)):
        if number == 50:
            player.switch_to(make_engine(B))
        if number == 52:
            player.switch_to(make_engine(B))
            player.switch_to(make_engine(A))
        played.append(player.process(block).copy())
    a, b = play(make_engine(A), signal), play(make_engine(B), signal)
    back = 50 * 96 + FADE  # the fade of 480 samples is five blocks of 96
    whole = np.concatenate(played)
    assert_a_then_b(whole[:back], a[:back], b[:back], 50 * 96)
    assert_a_then_b(whole[back:], b[back:], a[back:], 0)


def test_a_switch_from_another_thread_while_playing_has_no_seam():
    signal, player, played = clip(2 * RATE), Player(make_engine(A), RATE, FIELD), []
    thread = threading.Thread(target=lambda: player.switch_to(make_engine(B)))
    for number, block in enumerate(blocks_of(signal)):
        if number == 200:
            thread.start()
        if 200 < number < 400:
            time.sleep(0.0005)
        if number == 400:
            thread.join()
        played.append(player.process(block).copy())
    a, b = play(make_engine(A), signal), play(make_engine(B), signal)
    whole = np.concatenate(played)
    start = int(np.argmax(np.abs(whole - a) > 1e-6)) // 128 * 128
    assert start >= 200 * 128
    assert_a_then_b(whole, a, b, start)


def test_bypass_is_the_input_through_both_gains():
    signal = clip(4096)
    player = Player(Bypass(), RATE, input_gain_db=6.0, output_gain_db=-12.0)
    played = np.concatenate([player.process(block).copy() for block in blocks_of(signal)])
    np.testing.assert_allclose(played, signal * 10 ** (-6 / 20), rtol=1e-5)
    assert player.input_level.highest == pytest.approx(np.abs(signal).max() * 10 ** (6 / 20), rel=1e-5)
    assert player.output_level.highest == pytest.approx(np.abs(played).max(), rel=1e-5)


def test_a_gain_that_changes_does_not_click():
    player = Player(Bypass(), RATE)
    constant = np.full(128, 0.1, np.float32)
    player.process(constant)
    player.output_gain_db = 20.0
    ramp = player.process(constant).copy()
    steps = np.diff(np.concatenate([[np.float32(0.1)], ramp]))
    np.testing.assert_allclose(steps, 0.9 / 128, rtol=1e-3)
    np.testing.assert_allclose(player.process(constant), 1.0, rtol=1e-6)


class Slow(StreamingEngine):
    """Sleeps for a block in so many."""

    name = "slow"

    def __init__(self, seconds: float, every: int) -> None:
        self.seconds, self.every, self.calls = seconds, every, 0

    def reset(self) -> None:
        self.calls = 0

    def process(self, block):
        self.calls += 1
        if self.calls % self.every == 0:
            time.sleep(self.seconds)
        return block


def test_blocks_that_take_longer_than_they_last_are_misses():
    player = Player(Slow(0.03, 4), RATE)
    for block in blocks_of(clip(20 * 480), 480):  # 10 ms each
        player.process(block)
    assert player.load.misses >= 5
    assert player.load.max >= 3
    assert 5 * 0.03 / 0.2 <= player.load.mean < 5
    quick = Player(Bypass(), RATE)
    for block in blocks_of(clip(RATE), RATE // 4):
        quick.process(block)
    assert quick.load.misses == 0


@pytest.fixture
def bank() -> ModelBank:
    slots = [Slot(name, lambda net=net: make_engine(net), RATE, FIELD) for name, net in (("a", A), ("b", B))]
    return ModelBank(slots, RATE, 128)


def test_a_bank_plays_what_is_chosen(bank):
    signal = clip(4096)
    offline = {"a": play(make_engine(A), signal), "b": play(make_engine(B), signal), "bypass": signal}

    def settle_and_play() -> np.ndarray:
        blocks = blocks_of(np.concatenate([clip(4096), signal]))
        return np.concatenate([bank.player.process(block).copy() for block in blocks])[-1024:]

    actions = [
        (lambda: bank.choose(0), "a", 0),  # it plays already
        (lambda: bank.choose(7), "a", 0),  # there is none
        (lambda: bank.step(1), "b", 1),
        (lambda: bank.step(1), "a", 2),
        (lambda: bank.step(-1), "b", 3),
        (bank.bypass, "bypass", 4),
        (bank.bypass, "b", 5),
        (bank.bypass, "bypass", 6),
        (lambda: bank.choose(0), "a", 7),
    ]
    for action, playing, switches in actions:
        action()
        assert (bank.playing, bank.switches) == (playing, switches)
        np.testing.assert_allclose(settle_and_play(), offline[playing][-1024:], rtol=0, atol=1e-6)


def test_an_empty_rack_says_what_to_give():
    with pytest.raises(InputError, match="give model=PATH"):
        ModelBank([], RATE, 128)


def test_the_rate_of_a_session_is_that_of_its_models():
    def slots(*rates):
        return [Slot(f"m{i}", Bypass, rate) for i, rate in enumerate(rates)]

    assert session_rate(slots(44100, None, 44100), None) == 44100
    assert session_rate(slots(None), None) == 48000
    assert session_rate(slots(44100, 48000), 96000) == 96000
    with pytest.raises(InputError, match=r"m0 44100 Hz, m1 48000 Hz.*sample_rate="):
        session_rate(slots(44100, 48000), None)
    with pytest.raises(InputError, match="not positive"):
        session_rate(slots(44100), 0)
