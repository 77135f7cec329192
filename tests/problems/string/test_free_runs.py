"""A string is judged by running alone, and one that is its note is found to be it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from voxnas.models.strings.net import StringNet
from voxnas.problems.string.data.datamodule import StringDecay
from voxnas.problems.string.data.own import OwnString
from voxnas.problems.string.exciter import find_start
from voxnas.problems.string.feedback import Feedback
from voxnas.problems.string.free_run import free_run, kind_of_start, starts_of
from voxnas.problems.string.judge import judge
from voxnas.problems.string.loop_fit import LoopFit
from voxnas.problems.string.losses import TERMS, StringLoss
from voxnas.problems.string.modal import find_modes, ring, strongest_modes
from voxnas.problems.string.module import StringModule
from voxnas.training.schedules import Cosine
from voxnas.utils.errors import InputError, Unfit

RATE = 11_025
OWN = OwnString(plucks=1, sample_rate=RATE, seconds=3.0, decay_s=1.0, bright_decay_s=0.4, pitches=(98.0,))


@pytest.fixture(scope="module")
def note():
    return OWN.notes()[0]


@pytest.fixture(scope="module")
def fitted(note):
    torch.manual_seed(0)
    network = StringNet(states=2)
    network.follow(note.period, RATE, note.drop)
    assert LoopFit()(network, [note]) < 0.1
    return network


def test_a_fitted_string_is_its_note_from_every_level(note, fitted):
    for gain in (0.0, -18.0, -54.0):
        found = judge(free_run(fitted, note, 10 * RATE, gain), note, gain)
        assert found.envelope_db < 0.2
        assert found.t60_error < 0.05
        assert found.pitch_cents < 1
        assert max(found.dc_dbfs, found.end_dbfs) < -100


def test_two_polarisations_beat_as_their_note_does():
    torch.manual_seed(1)
    note = replace(OWN, polarisations=2, detune_cents=8.0).notes()[0]
    network = StringNet(polarisations=2, states=2)
    network.follow(note.period, RATE, note.drop)
    LoopFit()(network, [note])
    assert kind_of_start(network, note) == "fitted"
    found = judge(free_run(network, note, 10 * RATE), note)
    assert found.envelope_db < 1


@pytest.mark.parametrize(
    ("damage", "figure", "least"),
    [
        (lambda x, t: x * 10 ** (-12 * t / 20), "envelope_db", 3.0),
        (lambda x, t: x * 10 ** (12 * t / 20), "t60_error", 0.1),
        (lambda x, t: np.interp(np.arange(len(x)) * 1.01, np.arange(len(x)), x), "pitch_cents", 5.0),
        (lambda x, t: x + 0.01, "dc_dbfs", -41.0),
        (lambda x, t: x + 0.01 * np.sin(3000 * t), "end_dbfs", -60.0),
        (lambda x, t: np.full_like(x, np.nan), "envelope_db", 30.0),
        (lambda x, t: x * np.exp(np.minimum(30 * t, 600)), "envelope_db", 30.0),
    ],
)
def test_every_fault_has_its_figure(note, damage, figure, least):
    sound = np.pad(note.samples, (0, 10 * RATE - len(note.samples)))
    assert getattr(judge(sound, note), figure) < least
    with np.errstate(all="ignore"):
        wrong = damage(sound, np.arange(len(sound)) / RATE)
    assert getattr(judge(wrong, note), figure) > least


def test_a_start_is_found_under_noise(note, fitted):
    noisy = note.samples[: RATE // 2] + 0.01 * np.random.default_rng(0).standard_normal(RATE // 2)
    start = find_start(fitted, torch.from_numpy(noisy)[None], note.period)
    with torch.no_grad():
        heard = fitted(start, RATE // 2, note.period)[0, 0].numpy()
    error = np.sqrt(np.mean((heard - note.samples[: RATE // 2]) ** 2))
    assert error < 0.004


def test_modes_are_those_of_the_string():
    note = replace(OWN, polarisations=2, detune_cents=10.0, decay_ratio=0.6, mix=1.0).notes()[0]
    first = find_modes(note, 2)[0]
    assert [round(mode.hz, 2) for mode in first] == pytest.approx([98.0, 98.0 * 2 ** (10 / 1200)], abs=0.02)
    assert [mode.t60 for mode in first] == pytest.approx([1.0, 0.6], rel=0.02)


def test_as_many_modes_as_partials_are_the_linear_string(note):
    sound = ring(strongest_modes(note, 60), note, 10 * RATE)
    assert judge(sound, note).broadband_db < 0.5


def test_training_through_feedback_mends_a_string_that_decays_too_fast(note):
    torch.manual_seed(0)
    data = StringDecay(OWN, batch_size=8, steps=10)
    network = StringNet(form="free", hidden="none", fractional=False)
    data.adapt(network)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    module = StringModule(
        network, data, StringLoss(relative_mse=1.0), lambda p: optimizer, Cosine(), Feedback([2])
    )
    number, places, signs = next(iter(data.train_dataloader()))
    losses = []
    for _ in range(60):
        output, target = module.run_segments(data.parts()[0][number], places.numpy(), signs, 2)
        loss = module.loss(output, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("generations", [0, 1, 3])
def test_segments_are_as_long_as_their_generations(note, fitted, generations):
    module = StringModule(
        fitted, StringDecay(OWN), StringLoss(mse=1.0), torch.optim.Adam, Cosine(), Feedback([0], one_step=300)
    )
    output, target = module.run_segments(
        note, np.array([0.0, 0.5, 1.0]), torch.tensor([1.0, -1.0, 1.0]), generations
    )
    size = round(generations * note.period) or 300
    assert output.shape == target.shape == (3, size)
    assert (output - target).abs().max() < 0.05


def test_every_loss_is_zero_for_the_target_and_more_for_what_is_louder():
    target = torch.randn(3, 2048)
    for name, term in TERMS.items():
        assert float(term(target, target)) < 1e-5, name
        assert float(term(1.2 * target + 0.1, target)) > 1e-3, name
    assert float(TERMS["rise"](0.5 * target, target)) == 0


def test_relative_losses_count_soft_segments_as_loud_ones():
    target = torch.randn(2, 512) * torch.tensor([[1.0], [1e-3]])
    for name in ("relative_mse", "relative_l1"):
        off = [TERMS[name](target * torch.tensor([[a], [b]]), target) for a, b in ((1.1, 1.0), (1.0, 1.1))]
        torch.testing.assert_close(*off, rtol=0.02, atol=1e-6)


def test_wrong_settings_are_said():
    with pytest.raises(InputError, match="unknown terms"):
        StringLoss(loudness=1.0)
    with pytest.raises(InputError, match="above 0"):
        StringLoss(mse=0.0)
    with pytest.raises(InputError, match="generations"):
        Feedback([])
    with pytest.raises(InputError, match="pitches"):
        OwnString(pitches=(5.0,))


def test_a_recorded_start_and_a_fitted_one_are_alike(note, fitted):
    sounds = [
        free_run(fitted, note, RATE, kind=kind, start=starts_of(fitted, note, kind))
        for kind in ("recorded", "fitted")
    ]
    assert np.abs(sounds[0] - sounds[1]).max() < 0.02


def test_a_string_that_blows_up_is_no_candidate(note, fitted, monkeypatch):
    data = StringDecay(OWN)
    data.parts()
    module = StringModule(fitted, data, StringLoss(mse=1.0), torch.optim.Adam, Cosine(), Feedback([0]))
    monkeypatch.setattr(module, "free_run", lambda note: np.append(np.zeros(RATE // 2), np.inf))
    module.on_test_epoch_start()
    with pytest.raises(Unfit, match=r"blows up 0\.50 s into a free run"):
        module.test_step(0, 0)
