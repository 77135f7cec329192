"""Keys for a model's knobs and switches while it plays."""

import io
from functools import partial

import numpy as np
import pytest
import torch
from rich.console import Console

from voxnas.engine.live.control import press
from voxnas.engine.live.model_bank import ModelBank, Slot
from voxnas.engine.live.player import Bypass
from voxnas.engine.live.screen import screen
from voxnas.engine.make import make_engine
from voxnas.models.controls import Control
from voxnas.models.wavenet import stack

CONTROLS = (Control("drive", 0, 10), Control("mode", options=("clean", "crunch", "lead")))
TONE = (0.2 * np.sin(2 * np.pi * 110 / 48000 * np.arange(48000))).astype(np.float32)


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = stack(3, 3, head_scale=0.5)
        network.follow(CONTROLS)
        torch.nn.init.normal_(network.control_mix.weight)
        return network.eval()


@pytest.fixture
def bank(network) -> ModelBank:
    knobs = Slot("knobs", partial(make_engine, network), 48000, 100, network.controls, {"drive": 2.0})
    return ModelBank([knobs, Slot("plain", Bypass, 48000)], 48000, 64)


def play(bank: ModelBank, start: int, stop: int) -> np.ndarray:
    blocks = (TONE[at : at + 64] for at in range(start, stop, 64))
    return np.concatenate([bank.player.process(block).copy() for block in blocks])


def test_keys_turn_the_knob_that_is_held_and_switch_the_switch(bank, network):
    for key in "..," + "k..." + "k" + ".":
        press(bank, key)
    assert bank.slots[0].setting == {"drive": pytest.approx(3.0), "mode": "lead"}
    played = play(bank, 0, 12800)
    engine = make_engine(network)
    engine.set_controls({"drive": 3.0, "mode": "lead"}, glide=0)
    np.testing.assert_allclose(played[-4000:], engine.process(TONE[:12800])[-4000:], rtol=0, atol=1e-5)


def test_a_turn_neither_clicks_nor_is_lost_over_a_change_of_models(bank, network):
    play(bank, 0, 6400)
    for _ in range(20):
        press(bank, ".")
    turned = play(bank, 6400, 12800)
    assert np.abs(np.diff(turned, 2)).max() < 0.01
    for key in "2.1":  # the model without knobs leaves the key alone
        press(bank, key)
        play(bank, 12800, 19200)
    assert bank.slots[0].setting == {"drive": pytest.approx(10)}
    assert bank.playing == "knobs"


def test_the_display_shows_where_they_stand(bank):
    console = Console(width=130, record=True, file=io.StringIO())
    press(bank, ".")
    console.print(screen(bank))
    text = console.export_text()
    assert "drive 2.5" in text
    assert "mode clean" in text
    assert "k: next knob" in text
    press(bank, "2")
    console.print(screen(bank))
    assert "drive" not in console.export_text()
