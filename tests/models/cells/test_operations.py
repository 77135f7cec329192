"""The primitives: what they compute, how far back they look, what they cost."""

import pytest
import torch
from torch import Tensor

from voxnas.models.cells.operations import Operation as Op
from voxnas.models.cells.operations import Unit, convolve, pool, primitive, projection, reduction
from voxnas.models.genotype import PRIMITIVES

CHANNELS = 3
WITH_PAST = [op for op in PRIMITIVES if op not in ("none", "skip_connect")]


def noise(samples: int, channels: int = CHANNELS) -> Tensor:
    generator = torch.Generator().manual_seed(samples)
    x = torch.randn(2, channels, 1, samples, generator=generator, dtype=torch.float64)
    return x.contiguous(memory_format=torch.channels_last)


def compute(operation: Op, x: Tensor, unit: Unit | None) -> Tensor:
    return unit(x) if unit else pool(operation, x)


def unit_of(operation: Op) -> Unit | None:
    """With batch norm that has seen something."""
    if not operation.has_weights:
        return None
    with torch.random.fork_rng():
        torch.manual_seed(5)
        unit = Unit(operation).double()
        unit.mean.normal_(), unit.variance.uniform_(0.5, 2)
        torch.nn.init.normal_(unit.scale), torch.nn.init.normal_(unit.bias)
    return unit.eval()


@pytest.mark.parametrize("dilation", [1, 4])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("op", WITH_PAST)
def test_results_end_with_their_source_and_are_short_by_the_past(op: str, stride: int, dilation: int):
    operation = primitive(op, CHANNELS, 4, dilation, stride)
    past = (int(op[-1]) - 1) * (dilation if stride == 1 else 1)
    assert operation.past_samples == past
    y = compute(operation, noise(past + 11), unit_of(operation))
    assert y.shape == (2, CHANNELS, 1, 11 if stride == 1 else 6)
    assert compute(operation, noise(past + 1), unit_of(operation)).shape[-1] == 1


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", ["avg_pool_3", "max_pool_3"])
def test_pools_are_mean_and_maximum(kind: str, channels: int):
    x = noise(40, channels)
    taps = torch.stack([x[..., tap * 5 : 30 + tap * 5] for tap in range(3)])
    expected = taps.mean(0) if kind == "avg_pool_3" else taps.amax(0)
    torch.testing.assert_close(pool(primitive(kind, channels, 1, 5), x), expected)
    expected = torch.stack([x[..., tap : 38 + tap : 2] for tap in range(3)])
    expected = expected.mean(0) if kind == "avg_pool_3" else expected.amax(0)
    torch.testing.assert_close(pool(primitive(kind, channels, 2, 5, stride=2), x), expected)


@pytest.mark.parametrize("inputs", [1, 3])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_is_the_sum_it_says(inputs: int, stride: int):
    operation = Op("conv", "conv", inputs, 4, stride, 5, 1 if stride == 2 else 3, stride)
    unit, x = Unit(operation).double(), noise(50, inputs)
    past, d = operation.past_samples, operation.dilation
    y = unit(x)
    for n in (0, 1, y.shape[-1] - 1):
        taps = x[:, :, 0, n * stride : n * stride + past + 1 : d]
        expected = torch.einsum("bik,oik->bo", taps, unit.weight) + unit.bias
        torch.testing.assert_close(y[:, :, 0, n], expected)


def test_an_upsampling_has_weights_for_each_of_two_phases():
    operation = Op("up", "upsample", 3, 2, 1, 2)
    unit, x = Unit(operation).double(), noise(20)
    torch.nn.init.normal_(unit.bias)
    y = unit(x)
    assert y.shape == (2, 2, 1, 38)
    for n, phase in ((0, 0), (0, 1), (18, 0), (18, 1)):
        expected = torch.einsum("bik,oik->bo", x[:, :, 0, n : n + 2], unit.weight[phase]) + unit.bias
        torch.testing.assert_close(y[:, :, 0, 2 * n + phase], expected)


def test_batch_norm_goes_by_the_batch_in_training_and_else_by_running_figures_within_the_weights():
    operation = projection("p", 3, 4, 1)
    unit, x = unit_of(operation), 3 + 2 * noise(5000)
    y = convolve(operation, x, unit.weight, None)
    expected = (y - unit.mean[:, None, None]) / (unit.variance[:, None, None] + 1e-5).sqrt()
    expected = expected * unit.scale[:, None, None] + unit.bias[:, None, None]
    torch.testing.assert_close(unit(x), expected)
    unit.train()
    before = unit.mean.clone()
    trained = unit(x)
    torch.testing.assert_close(trained.mean((0, 2, 3)), unit.bias.detach())
    torch.testing.assert_close(trained.std((0, 2, 3)), unit.scale.detach().abs(), rtol=1e-3, atol=0)
    torch.testing.assert_close(unit.mean, 0.9 * before + 0.1 * y.mean((0, 2, 3)))
    unit.frozen = True
    after = unit.mean.clone()
    torch.testing.assert_close(unit(x), unit.eval()(x), rtol=0, atol=0)
    assert torch.equal(unit.mean, after)


@pytest.mark.parametrize(
    ("operation", "parameters", "macs"),
    [
        (primitive("none", 4, 2), 0, 0),
        (primitive("skip_connect", 4, 2), 0, 0),
        (primitive("avg_pool_3", 4, 2), 0, 0),
        (primitive("max_pool_3", 4, 2, stride=2), 0, 0),
        (primitive("conv_bn_relu_3", 4, 1), 4 * 4 * 3 + 8, 4 * 4 * 3),
        (primitive("conv_bn_relu_7", 4, 2, 8), 4 * 4 * 7 + 8, 4 * 4 * 7 / 2),
        (primitive("skip_connect", 4, 4, stride=2), 4 * 4 * 2 + 8, 4 * 4 * 2 / 4),
        (projection("p", 12, 4, 2), 12 * 4 + 8, 12 * 4 / 2),
        (reduction("p", 12, 4, 2), 12 * 4 * 2 + 8, 12 * 4 * 2 / 2),
        (Op("up", "upsample", 8, 3, 2, 2), 2 * 8 * 3 * 2 + 3, 8 * 3 * 2 / 2),
    ],
)
def test_costs_are_those_counted_by_hand(operation: Op, parameters: int, macs: float):
    assert (operation.parameters, operation.macs) == (parameters, macs)
    if operation.has_weights:
        assert sum(p.numel() for p in Unit(operation).parameters()) == parameters


@pytest.mark.parametrize("op", WITH_PAST)
def test_gradients_are_those_of_differences(op: str):
    operation = primitive(op, 2, 1, 2)
    unit = unit_of(operation)
    x = noise(16, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: compute(operation, x, unit), x)


def test_what_is_no_primitive_is_none():
    with pytest.raises(ValueError, match="unknown primitive 'conv_9'"):
        primitive("conv_9", 4, 1)
