"""What every network keeps to, whatever its architecture. A new one adds its forms to FORMS."""

from functools import partial

import numpy as np
import pytest
import torch

from voxnas.engine.make import make_engine
from voxnas.engine.torch_engine import TorchEngine
from voxnas.export.load import load_model
from voxnas.export.nam import read_nam, write_nam
from voxnas.export.record_json import write_record_json
from voxnas.models.activations import ACTIVATIONS
from voxnas.models.base import Network
from voxnas.models.build import build
from voxnas.models.film import SLOTS
from voxnas.utils.errors import InputError


def wavenet(*arrays: dict, head_scale: float = 0.5) -> dict:
    return {"type": "WaveNet", "layer_arrays": list(arrays), "head_scale": head_scale}


FORMS = {
    **{name: wavenet({"channels": 4, "dilations": [1, 2, 4], "activation": name}) for name in ACTIVATIONS},
    "one layer, one channel": wavenet({"channels": 1, "dilations": [1], "kernel_size": 1}),
    "gated": wavenet({"channels": 3, "dilations": [1, 3], "gating": "gated"}),
    "two arrays": wavenet(
        {"channels": 4, "dilations": [1, 2, 4], "head_size": 2, "head_bias": False},
        {"channels": 2, "dilations": [8, 1]},
    ),
    "head kernel": wavenet({"channels": 3, "dilations": [1, 7], "kernel_size": 6, "head_kernel_size": 16}),
    "head kernels that outlast the next array": wavenet(
        {"channels": 4, "dilations": [1, 2], "head_size": 3, "head_kernel_size": 16},
        {"channels": 3, "dilations": [1], "head_size": 2, "head_kernel_size": 2},
        {"channels": 2, "dilations": [2, 1], "head_kernel_size": 3},
    ),
    "head kernel within the next array's reach": wavenet(
        {"channels": 4, "dilations": [1, 2], "head_size": 3, "head_kernel_size": 3},
        {"channels": 3, "dilations": [16]},
    ),
    "everything per layer": wavenet(
        {
            "channels": 4,
            "dilations": [5, 1, 2],
            "kernel_size": [2, 5, 1],
            "activation": ["ReLU", "Tanh", "Softsign"],
            "gating": ["gated", "none", "gated"],
        }
    ),
    "blended": wavenet({"channels": 3, "dilations": [1, 3], "gating": ["blended", "none"]}),
    "gates of other kinds": wavenet(
        {
            "channels": 3,
            "dilations": [1, 3, 2],
            "gating": ["gated", "blended", "gated"],
            "secondary_activation": ["PReLU", "Hardtanh", "SiLU"],
        }
    ),
    "activations with constants": wavenet(
        {
            "channels": 3,
            "dilations": [1, 3],
            "activation": [
                {"type": "LeakyReLU", "negative_slope": -0.3},
                {"type": "LeakyHardtanh", "min_val": -0.5, "max_val": 0.25, "max_slope": 0.1},
            ],
        }
    ),
    "bottleneck": wavenet({"channels": 4, "dilations": [1, 2], "bottleneck": 2}),
    "bottleneck wider than the channels": wavenet(
        {"channels": 2, "dilations": [1, 2], "bottleneck": 5, "gating": "gated"}
    ),
    "groups": wavenet({"channels": 6, "dilations": [1, 2], "groups_input": 3, "layer1x1_groups": 2}),
    "depthwise and gated": wavenet(
        {"channels": 4, "dilations": [1, 2], "groups_input": 4, "gating": "gated"}
    ),
    "head 1×1": wavenet({"channels": 4, "dilations": [1, 2], "head1x1_channels": 3}),
    "no residual": wavenet({"channels": 3, "dilations": [3, 8, 1], "layer1x1": False}),
    "no residual, longest past last": wavenet(
        {"channels": 3, "dilations": [2, 9], "kernel_size": [5, 3], "layer1x1": False, "head_kernel_size": 4},
    ),
    "no residual before one": wavenet(
        {"channels": 4, "dilations": [7, 1], "layer1x1": False, "head_size": 2, "head_kernel_size": 3},
        {"channels": 2, "dilations": [1, 4]},
    ),
    "everything at once": wavenet(
        {
            "channels": 6,
            "dilations": [5, 1, 2],
            "kernel_size": [2, 5, 1],
            "activation": ["PReLU", "Tanh", "Softsign"],
            "gating": ["gated", "none", "blended"],
            "secondary_activation": ["SiLU", "Tanh", "PReLU"],
            "bottleneck": 4,
            "groups_input": 2,
            "layer1x1_groups": 2,
            "head1x1_channels": 2,
            "head1x1_groups": 2,
            "head_size": 3,
            "head_kernel_size": 2,
            "head_bias": False,
        },
        {"channels": 3, "dilations": [2, 1], "bottleneck": 2, "head1x1_channels": 3, "layer1x1": False},
    ),
}
RECURRENT = {
    "LSTM": {"type": "LSTM", "hidden_size": 5},
    "LSTM of layers": {"type": "LSTM", "hidden_size": 4, "num_layers": 3},
    "LSTM with a skip": {"type": "LSTM", "hidden_size": 3, "skip": True, "warm_up": 500},
    "GRU": {"type": "GRU", "hidden_size": 5},
    "GRU of layers with a skip": {"type": "GRU", "hidden_size": 4, "num_layers": 2, "skip": True},
}
TCNS = {
    "TCN": {"type": "TCN", "channels": 3, "num_layers": 3, "kernel_size": 3, "dilation_base": 4},
    "TCN of one layer": {"type": "TCN", "channels": 1, "num_layers": 1, "activation": "Tanh"},
    "TCN of constants": {
        "type": "TCN",
        "num_layers": 2,
        "activation": {"type": "LeakyReLU", "negative_slope": 0.2},
    },
}
TRAJECTORIES = {
    "state trajectory": {"type": "StateTrajectory", "states": 2, "hidden_size": 5, "warm_up": 200},
    "state trajectory without a skip": {
        "type": "StateTrajectory",
        "states": 1,
        "hidden_layers": 1,
        "activation": "SiLU",
        "skip": False,
        "warm_up": 200,
    },
}
LACTOSES = {
    "LACTOSE": {"type": "Lactose", "taps": 5, "filter_taps": 3, "hidden_size": 4},
    "LACTOSE of a curve": {
        "type": "Lactose",
        "ranges": [[None, -0.5], [-0.5, 0.25], [0.25, None]],
        "hidden_size": 3,
        "hidden_layers": 1,
        "activation": "ReLU",
        "taps": 1,
        "features": 1,
        "filter_taps": 1,
        "blend": 0,
    },
}
TRANSFORMERS = {
    "transformer": {"type": "Transformer", "channels": 4, "window": 5, "dilation_base": 3},
    "transformer with norms": {
        "type": "Transformer",
        "channels": 6,
        "num_layers": 3,
        "heads": 3,
        "window": 4,
        "activation": "PReLU",
        "norm": True,
    },
}
STATE_SPACES = {
    "state space": {"type": "StateSpace", "channels": 3, "modes": 4, "times": [2, 80], "warm_up": 700},
    "state space with gates": {
        "type": "StateSpace",
        "channels": 4,
        "modes": 2,
        "num_layers": 3,
        "activation": "PReLU",
        "gated": True,
        "times": [2, 80],
        "warm_up": 700,
    },
}
CHAINS = {
    "ConvNet": {"type": "ConvNet", "channels": 4, "dilations": [1, 2, 4]},
    "ConvNet of one layer": {"type": "ConvNet", "channels": 1, "dilations": [3], "activation": "Softsign"},
    "ConvNet of kernels": {"type": "ConvNet", "channels": 3, "dilations": [1, 7], "kernel_size": [6, 3]},
    "ConvNet with PReLU": {"type": "ConvNet", "channels": 3, "dilations": [1, 2], "activation": "PReLU"},
    "Linear": {"type": "Linear", "taps": 300},
    "Linear of one tap and a bias": {"type": "Linear", "taps": 1, "bias": True},
}
NODES = [[("conv_bn_relu_3", 0), ("max_pool_3", 1)], [("skip_connect", 2), ("avg_pool_3", 0)]]
STRIDED = [[("skip_connect", 1), ("conv_bn_relu_7", 0)], [("avg_pool_3", 0), ("conv_bn_relu_5", 2)]]


def cells(normal: list, reduction: list, dilations: list[int], channels: int = 2, fanout: int = 2) -> dict:
    kinds = {
        kind: [[{"op": op, "source": source} for op, source in node] for node in nodes]
        for kind, nodes in (("normal", normal), ("reduction", reduction))
    }
    sizes = {"dilations": dilations, "init_channels": channels, "fanout_concat": fanout}
    return {"type": "CellNet", "genotype": {"kind": "cells", **kinds, **sizes}}


CELLS = {
    "cells": cells(NODES, STRIDED, [1, 3, 2]),
    "cells of one channel": cells(NODES, STRIDED, [2, 1, 1, 5], channels=1, fanout=1),
    "cells beyond the reductions": cells(NODES, STRIDED, [1, 2, 1, 2, 1, 2, 3], channels=1),
    "cells with a silent node": cells(
        [*NODES, [("none", 1)], [("max_pool_3", 4)]], [*STRIDED] * 2, [1, 2, 3]
    ),
    "cells with nodes that lead nowhere": cells(NODES * 2, STRIDED * 2, [3, 2, 1], fanout=1),
}
CONDITIONED = {
    "FiLM everywhere": {
        "type": "ConditionedWaveNet",
        "layer_arrays": [
            {
                "channels": 3,
                "dilations": [5, 1, 2],
                "gating": ["none", "gated", "blended"],
                "activation": ["PReLU", "Tanh", "Softsign"],
                "head1x1_channels": 2,
                "head_size": 2,
                "films": {slot: {"shift": index % 2 == 0} for index, slot in enumerate(SLOTS)},
            },
            {"channels": 2, "dilations": [7], "films": {"activation_post": {}}, "head_kernel_size": 3},
        ],
        "head_scale": 0.5,
    },
    "a condition of its own, and a head": {
        "type": "ConditionedWaveNet",
        "layer_arrays": [
            {"channels": 4, "dilations": [3, 1], "mixin_groups": 2, "head_size": 3, "groups_input": 2}
        ],
        "head_scale": 0.5,
        "head": {"channels": 2, "kernel_sizes": [3, 1], "activation": "LeakyReLU"},
        "condition": {
            "type": "WaveNet",
            "layer_arrays": [{"channels": 2, "dilations": [1, 9], "head_size": 2}],
            "condition": {"type": "ConvNet", "channels": 2, "dilations": [4]},
        },
    },
}
OTHERS = TRAJECTORIES | LACTOSES | TRANSFORMERS | STATE_SPACES
FORMS = FORMS | CONDITIONED | RECURRENT | CHAINS | CELLS | TCNS | OTHERS
# of these, what a .nam file has no words for
BEYOND_NAM = {
    "LSTM with a skip",
    "GRU",
    "GRU of layers with a skip",
    "ConvNet of kernels",
    "ConvNet with PReLU",
    *CELLS,
    *TCNS,
    *OTHERS,
}
SAMPLES = 2500


@pytest.fixture(params=FORMS.values(), ids=FORMS)
def network(request: pytest.FixtureRequest) -> Network:
    """In double precision, so that what is equal is equal to the last digits."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = build(request.param).double().eval()
        for name, buffer in network.named_buffers():  # batch norm that has seen something
            if name.endswith(("mean", "variance")):
                buffer.uniform_(*((-0.3, 0.0) if name.endswith("mean") else (0.2, 0.5)))
        return network


def noise(samples: int, batch: int = 1, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, 1, samples, generator=generator, dtype=torch.float64)


def offline(network: Network, x: torch.Tensor) -> torch.Tensor:
    """As many samples as x has, after silence: a receptive field of it, or enough for a state to settle."""
    silence = network.receptive_field - 1 if network.memory_is_finite else 5000
    return network(torch.nn.functional.pad(x, (silence, 0)))[..., -x.shape[-1] :]


def in_blocks(network: Network, x: torch.Tensor, size: int) -> torch.Tensor:
    state = network.initial_state()
    blocks = []
    for block in x.split(size, dim=-1):
        y, state = network.stream(block, state)
        blocks.append(y)
    return torch.cat(blocks, dim=-1)


@torch.no_grad()
def test_forward_is_valid(network: Network):
    field = network.receptive_field
    assert network(noise(field, batch=3)).shape == (3, 1, 1)
    assert network(noise(field + 99, batch=2)).shape == (2, 1, 100)


@torch.no_grad()
def test_the_future_does_not_change_the_past(network: Network):
    x = noise(600)
    changed = x.clone()
    changed[..., 400:] = noise(200, seed=1)
    before, after = offline(network, x), offline(network, changed)
    torch.testing.assert_close(after[..., :400], before[..., :400], rtol=0, atol=1e-12)
    assert not torch.allclose(after[..., 400:], before[..., 400:])


def test_the_receptive_field_is_exact_on_both_sides(network: Network):
    if not network.memory_is_finite:
        pytest.skip("its memory has no end")
    field, extra = network.receptive_field, 20
    oldest, newest = [], []
    for phase in range(network.period):  # of the last sample: some look back further than others
        x = noise(field + extra + phase, batch=64).requires_grad_()
        network(x)[..., -1].sum().backward()
        assert x.grad is not None
        influence = x.grad.abs().amax(dim=(0, 1))
        assert influence[: extra + phase].max() == 0  # none before the field
        oldest.append(influence[extra + phase])
        newest.append(int(influence.flip(0).nonzero()[0]))
    assert max(oldest) > 0  # the oldest of the field
    assert max(newest) == network.delay_samples


@torch.no_grad()
def test_the_output_repeats_itself_after_a_period(network: Network):
    x, period = noise(400), network.period
    late = torch.nn.functional.pad(x, (period, 0))
    torch.testing.assert_close(
        offline(network, late)[..., period:], offline(network, x), rtol=0, atol=1e-6 if period == 1 else 1e-12
    )


@pytest.mark.parametrize("block", [1, 64, 1000])
@torch.no_grad()
def test_streaming_in_blocks_equals_one_offline_pass(network: Network, block: int):
    x = noise(300 if block == 1 else SAMPLES)
    torch.testing.assert_close(in_blocks(network, x, block), offline(network, x), rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", ["native", "torch"])
@pytest.mark.parametrize("block", [1, 64, 1000])
@torch.no_grad()
def test_engines_play_what_the_network_computes(network: Network, block: int, kind: str):
    try:
        engine = make_engine(network, kind)
    except InputError as reason:
        pytest.skip(str(reason))
    x = noise(300 if block == 1 else SAMPLES).float()
    y = np.concatenate([engine.process(part[0, 0].numpy()) for part in x.split(block, dim=-1)])
    expected = offline(network, x.double())[0, 0].numpy()
    assert np.abs(y - expected).max() <= 1e-5 * max(1.0, np.abs(expected).max())


@torch.no_grad()
def test_streaming_starts_as_if_silence_had_gone_on_for_ever(network: Network):
    silent = in_blocks(network, torch.zeros(1, 1, 100, dtype=torch.float64), 7)
    settled = network(torch.zeros(1, 1, 5 * network.receptive_field, dtype=torch.float64))
    last = settled.shape[-1] // network.period * network.period
    expected = settled[..., last - network.period : last].repeat(1, 1, 100)[..., :100]
    torch.testing.assert_close(silent, expected, rtol=0, atol=1e-12)


@torch.no_grad()
def test_a_batch_streams_as_its_items_do(network: Network):
    x = noise(50, batch=3)
    together, _ = network.stream(x, network.initial_state(batch=3))
    alone = torch.cat([in_blocks(network, item[None], 50) for item in x])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-12)


def test_what_is_exported_sounds_the_same(network: Network, tmp_path, request: pytest.FixtureRequest):
    network.float()
    clip = 0.3 * noise(SAMPLES)[0, 0].float().numpy()
    expected = TorchEngine(network).process(clip)
    record = load_model(write_record_json(network, tmp_path / "model.json", 44100))
    assert record.sample_rate == 44100
    networks = [record.network]
    if request.node.callspec.id in BEYOND_NAM:
        with pytest.raises(InputError, match=r"a \.nam file"):
            write_nam(network, tmp_path / "model.nam", 48000)
    else:
        nam = read_nam(write_nam(network, tmp_path / "model.nam", 48000))
        assert nam.sample_rate == 48000
        networks.append(nam.network)
    for read in networks:
        assert read.receptive_field == network.receptive_field
        assert abs(TorchEngine(read).process(clip) - expected).max() < 1e-5


def test_the_architecture_builds_the_same_network_again(network: Network):
    again = build(network.architecture()).double().eval()
    again.load_state_dict(network.state_dict())
    assert again.architecture() == network.architecture()
    assert (again.num_parameters, again.macs_per_sample) == (network.num_parameters, network.macs_per_sample)
    torch.testing.assert_close(offline(again, noise(50)), offline(network, noise(50)), rtol=0, atol=0)


def test_latency_is_how_far_back_the_network_looks_and_how_late_it_is(network: Network):
    samples = network.receptive_field if network.memory_is_finite else 1
    assert network.latency_ms(48000) == pytest.approx((samples + network.delay_samples) / 48)


@torch.no_grad()
def test_controls_that_it_does_not_follow_are_refused_by_it_and_its_engines(network: Network):
    controls, x = torch.zeros(1, 2), noise(network.receptive_field)
    refused = partial(pytest.raises, ValueError, match=r"follows 0 controls, got controls of the shape \(")
    with refused():
        network(x, controls)
    with refused():
        network.stream(x, network.initial_state(), controls)
    for kind in ("auto", "torch"):
        engine, block = make_engine(network, kind), np.zeros(8, np.float32)
        with refused():
            engine.process(block, controls[0].numpy())
        assert (engine.num_controls, engine.process(block).shape) == (network.num_controls, block.shape)
