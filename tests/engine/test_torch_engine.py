"""The engine plays sample-exactly what the network does offline, from silence on."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from voxnas.engine.torch_engine import TorchEngine
from voxnas.models.wavenet import stack


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return stack(4, 4)


def clip(samples: int = 3000) -> np.ndarray:
    return (0.3 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)


def test_blocks_of_any_length_join_into_the_offline_pass(network):
    x = clip()
    padded = np.concatenate([np.zeros(network.receptive_field - 1, np.float32), x])
    with torch.no_grad():
        expected = network(torch.from_numpy(padded)[None, None])[0, 0].numpy()
    engine = TorchEngine(network)
    edges = [0, 1, 2, 66, 66, 130, 1130, 1131, len(x)]
    output = np.concatenate([engine.process(x[a:b]) for a, b in pairwise(edges)])
    assert output.dtype == np.float32
    np.testing.assert_allclose(output, expected, rtol=0, atol=1e-6)


def test_reset_returns_to_silence(network):
    engine = TorchEngine(network)
    first = engine.process(clip())
    assert np.abs(engine.process(clip()) - first).max() > 1e-6  # the past is heard
    engine.reset()
    np.testing.assert_array_equal(engine.process(clip()), first)


def test_training_on_does_not_reach_the_engine(network):
    engine = TorchEngine(network)
    before = engine.process(clip())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    engine.reset()
    np.testing.assert_array_equal(engine.process(clip()), before)
    assert network.training  # and the engine leaves the network as it was


def test_it_takes_views_and_other_precisions(network):
    engine = TorchEngine(network)
    expected = engine.process(clip())
    engine.reset()
    stereo = np.stack([clip(), clip()], axis=1).astype(np.float64)
    np.testing.assert_array_equal(engine.process(stereo[:, 1]), expected)


def test_what_is_not_mono_is_refused(network):
    with pytest.raises(ValueError, match="mono"):
        TorchEngine(network).process(np.zeros((10, 2), np.float32))
