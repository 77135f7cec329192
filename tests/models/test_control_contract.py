"""What every network that follows controls keeps to. A new one adds its forms to FORMS."""

import numpy as np
import pytest
import torch
from knobbed import shaken

from voxnas.engine.make import make_engine
from voxnas.export.load import load_model
from voxnas.export.record_json import write_record_json
from voxnas.models.base import StreamingNetwork
from voxnas.models.build import build
from voxnas.models.conv_net import Linear
from voxnas.utils.errors import InputError

CONTROLS = [
    {"name": "drive", "low": 0, "high": 10},
    {"name": "mode", "options": ["clean", "crunch", "lead"]},
    {"name": "tone", "low": 20, "high": 2000, "taper": "log", "default": 200},
]
SETTINGS = [{}, {"drive": 2}, {"mode": "lead", "tone": 30}, {"drive": 9.5, "mode": "crunch"}]


def wavenet(*arrays: dict, conditioning: str = "film") -> dict:
    followed = {"controls": CONTROLS, "conditioning": conditioning}
    return {"type": "WaveNet", "layer_arrays": list(arrays), "head_scale": 0.5, **followed}


FORMS = {
    "WaveNet": wavenet({"channels": 4, "dilations": [1, 2, 4]}),
    "WaveNet that adds": wavenet({"channels": 4, "dilations": [1, 2, 4]}, conditioning="mixin"),
    "WaveNet whose weights follow": wavenet(
        {"channels": 4, "dilations": [1, 2], "activation": "PReLU", "head_size": 2},
        {"channels": 2, "dilations": [4, 1], "gating": "gated", "head_kernel_size": 2},
        conditioning="weights",
    ),
    "WaveNet of groups whose weights follow": wavenet(
        {
            "channels": 4,
            "dilations": [1, 3],
            "groups_input": 2,
            "gating": "blended",
            "head1x1_channels": 2,
            "head_size": 1,
        },
        conditioning="weights",
    ),
    "WaveNet of two arrays, gated": wavenet(
        {"channels": 4, "dilations": [1, 2], "head_size": 2, "gating": "gated", "head_kernel_size": 3},
        {"channels": 2, "dilations": [8, 1], "activation": "ReLU"},
    ),
    "WaveNet of groups": wavenet(
        {"channels": 4, "dilations": [1, 3], "groups_input": 2, "bottleneck": 2, "gating": "blended"}
    ),
    "TCN": {"type": "TCN", "channels": 4, "kernel_size": 4, "dilation_base": 3, "controls": CONTROLS},
    "TCN that adds": {"type": "TCN", "num_layers": 2, "conditioning": "mixin", "controls": CONTROLS},
    "LSTM": {"type": "LSTM", "hidden_size": 5, "controls": CONTROLS},
    "GRU": {"type": "GRU", "hidden_size": 9, "num_layers": 2, "skip": True, "controls": CONTROLS},
}


@pytest.fixture(params=FORMS)
def network(request) -> StreamingNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return shaken(build(FORMS[request.param])).eval()


def noise(samples: int, batch: int = 1) -> torch.Tensor:
    return 0.3 * torch.randn(batch, 1, samples, generator=torch.Generator().manual_seed(4))


def settings(network: StreamingNetwork) -> torch.Tensor:
    return torch.cat([network.setting(setting) for setting in SETTINGS])


@torch.no_grad()
def test_each_item_of_a_batch_has_a_setting_of_its_own(network):
    x, heard = noise(network.receptive_field + 99, len(SETTINGS)), settings(network)
    together = network(x, heard)
    alone = torch.cat([network(x[i : i + 1], heard[i : i + 1]) for i in range(len(SETTINGS))])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-6)
    assert (network(x[:1], heard[:1]) - network(x[:1], heard[3:])).abs().max() > 1e-3  # it does hear them


@torch.no_grad()
def test_without_controls_it_plays_with_them_at_rest(network):
    x = noise(network.receptive_field + 9)
    assert torch.equal(network(x), network(x, network.setting()))
    assert torch.equal(network.setting(), network.setting({"drive": 5, "mode": "clean", "tone": 200}))


@torch.no_grad()
@pytest.mark.parametrize("setting", SETTINGS[1:])
def test_a_folded_control_is_gone_and_the_sound_the_same(network, setting):
    x = noise(network.receptive_field + 99)
    folded = network.fold(setting)
    assert [c.name for c in folded.controls] == [c["name"] for c in CONTROLS if c["name"] not in setting]
    torch.testing.assert_close(folded(x), network(x, network.setting(setting)), rtol=0, atol=1e-5)
    assert folded.receptive_field == network.receptive_field
    assert build(folded.architecture()).state_dict().keys() == folded.state_dict().keys()


@torch.no_grad()
def test_with_all_folded_it_is_the_network_without_controls(network):
    whole = {"drive": 3.7, "mode": "lead", "tone": 77}
    folded = network.fold(whole)
    plain = build({key: value for key, value in network.architecture().items() if key != "controls"})
    plain.load_state_dict(folded.state_dict())
    assert folded.architecture() == plain.architecture()
    x = noise(network.receptive_field + 99)
    torch.testing.assert_close(plain(x), network(x, network.setting(whole)), rtol=0, atol=1e-6)


@torch.no_grad()
def test_for_files_without_controls_it_is_folded_where_they_rest(network):
    x = noise(network.receptive_field + 99)
    assert not network.at_rest().controls
    torch.testing.assert_close(network.at_rest()(x), network(x), rtol=0, atol=1e-6)


@torch.no_grad()
@pytest.mark.parametrize("kind", ["auto", "torch"])
def test_blocks_of_any_length_are_one_pass_at_a_setting(network, kind):
    setting = {"drive": 8, "mode": "crunch", "tone": 1000}
    x = noise(1500)
    heard = network.setting(setting)
    expected = network.stream(x, network.initial_state(1, heard), heard)[0][0, 0].numpy()
    for block in (1, 64, 1000):
        engine = make_engine(network, kind)
        engine.set_controls(setting, glide=0)
        engine.reset()  # to the silence of this setting
        samples = x[0, 0, : 100 if block == 1 else 1500].numpy()
        pieces = [engine.process(samples[i : i + block]) for i in range(0, len(samples), block)]
        np.testing.assert_allclose(np.concatenate(pieces), expected[: len(samples)], rtol=0, atol=2e-6)


def test_a_moved_control_plays_alike_in_native_code_and_pytorch(network):
    native, torch_engine = make_engine(network, "native"), make_engine(network, "torch")
    x = noise(6000)[0, 0].numpy()
    start = 0
    for size, moved in (
        (1, {}),
        (700, {"drive": 1}),
        (300, {"drive": 9, "mode": "lead"}),
        (3000, {}),
        (999, {}),
    ):
        for engine in (native, torch_engine):
            engine.set_controls(moved)
        block = x[start : start + size]
        start += size
        np.testing.assert_allclose(native.process(block), torch_engine.process(block), rtol=0, atol=3e-6)


@pytest.mark.parametrize("kind", ["native", "torch"])
def test_a_control_that_is_turned_while_playing_does_not_click(network, kind):
    tone = (0.2 * np.sin(2 * np.pi * 110 / 48000 * np.arange(9600))).astype(np.float32)

    def roughness(**glide: int) -> float:
        """The sharpest corner where the knob is turned, from end to end, beside the sharpest at rest."""
        engine = make_engine(network, kind)
        engine.set_control("drive", 0, glide=0)
        engine.reset()
        before = engine.process(tone[:4800])
        engine.set_control(0, 10, **glide)
        corners = np.abs(np.diff(np.concatenate([before, engine.process(tone[4800:])]), 2))
        return corners[4790:6000].max() - max(corners[1000:4790].max(), corners[-2000:].max())

    switched, turned = roughness(glide=0), roughness()
    assert turned < max(switched / 20, 1e-5)


def test_controls_off_the_panel_are_refused_in_one_line(network):
    engine = make_engine(network)
    for wrong, message in (
        ({"drive": 11}, "goes from 0 to 10"),
        ({"mode": "loud"}, "one of clean, crunch, lead"),
        ({"gain": 1}, "no such control; it has drive, mode, tone"),
    ):
        for ask in (engine.set_controls, network.fold, network.setting):
            with pytest.raises(InputError, match=message):
                ask(wrong)
    with pytest.raises(InputError, match=r"controls\.7: the model has no such control"):
        engine.set_control(7, 1)


def test_it_is_read_back_with_its_controls(network, tmp_path):
    again = load_model(write_record_json(network, tmp_path / "model.json", 48000)).network
    assert again.controls == network.controls
    x, heard = noise(network.receptive_field + 9), network.setting({"drive": 1, "mode": "lead"})
    assert torch.equal(again(x, heard), network(x, heard))


TRAINED_NATIVELY = [name for name in FORMS if name.startswith(("WaveNet", "TCN")) and "groups" not in name]


@pytest.mark.parametrize("form", TRAINED_NATIVELY)
def test_native_training_has_the_gradients_of_pytorch_with_a_setting_for_each_segment(form):
    torch.manual_seed(5)
    network = shaken(build(FORMS[form]))
    x, heard = noise(network.receptive_field + 2000, len(SETTINGS)), settings(network)
    found = {}
    for backend in ("native", "torch"):
        network.backend = backend
        network.zero_grad()
        network(x, heard).square().sum().backward()
        found[backend] = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
    assert found["native"].keys() == found["torch"].keys()
    assert {"control_mix.weight", "control_weights.weight"} & found["torch"].keys()
    for name, gradient in found["torch"].items():
        scale = float(gradient.abs().max())
        torch.testing.assert_close(found["native"][name], gradient, rtol=0, atol=2e-5 * scale + 1e-6)


def test_a_network_that_cannot_follow_any_says_which_can():
    network = Linear(3)
    network.follow([])
    with pytest.raises(
        InputError, match="Linear follows no controls; train a WaveNet, a TCN, an LSTM or a GRU"
    ):
        network.follow(build(FORMS["LSTM"]).controls)
