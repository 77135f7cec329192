"""Mixed layers in native code: outputs and gradients are those of PyTorch in double precision."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.mixture import MIXED, MixedLayer, NativeMixture
from voxnas.search.darts.mixture import Ends, Layer, run

try:
    load("wavenet_train.cpp")
except Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)


@st.composite
def forms(draw: st.DrawFn) -> list[MixedLayer]:
    taps = st.sets(st.integers(1, 60), max_size=8).map(lambda later: (0, *sorted(later)))
    activations = st.sets(st.sampled_from(MIXED), min_size=1).map(lambda names: tuple(sorted(names)))
    layer = st.builds(MixedLayer, taps, activations, st.booleans())
    return draw(st.lists(layer, min_size=1, max_size=3))


def network(channels: int, layers: list[MixedLayer]) -> tuple[list[Layer], Ends, list[Tensor]]:
    def values(*shape: int) -> Tensor:
        return (0.5 * torch.randn(shape, dtype=torch.float64)).requires_grad_()

    made = []
    for form in layers:
        outputs = channels * (1 + form.gated)
        sizes = [(outputs, channels, len(form.taps)), (outputs,), (outputs,), (len(MIXED),), (1,)]
        made.append(Layer(form, *(values(*s) for s in [*sizes, (channels, channels, 1), (channels,)])))
    ends = Ends(values(channels, 1, 1), values(1, channels, 1), values(1))
    names = ("kernel", "bias", "mixin", "activations", "gate", "residual", "residual_bias")
    own = [getattr(layer, name) for layer in made for name in names if name != "gate" or layer.form.gated]
    return made, ends, [ends.rechannel, *own, ends.head, ends.head_bias]


@settings(max_examples=40)
@given(forms(), st.integers(1, 18), st.integers(1, 900), st.integers(0, 2**31))
def test_outputs_and_gradients_are_pytorch_s(form, channels, samples, seed):
    torch.manual_seed(seed)
    layers, ends, parameters = network(channels, form)
    past = sum(layer.taps[-1] for layer in form)
    x, dy = torch.randn(2, 1, samples + past), torch.randn(2, 1, samples)
    exact = run(x.double(), layers, ends, 0.1, "torch")
    exact_slopes = torch.autograd.grad(exact, parameters, dy.double(), allow_unused=True)
    single = [parameter.detach().float().requires_grad_() for parameter in parameters]
    y = NativeMixture(channels, form)(x, 0.1, past + 1, single)
    slopes = torch.autograd.grad(y, single, dy, allow_unused=True)
    assert (y - exact).abs().max() <= 1e-5 * max(1.0, exact.abs().max())
    largest = max(s.abs().max() for s in exact_slopes if s is not None)
    for slope, exact_slope in zip(slopes, exact_slopes, strict=True):
        expected = torch.zeros(()) if exact_slope is None else exact_slope
        if slope is not None:
            assert (slope - expected).abs().max() <= 1e-4 * expected.abs().max() + 2e-6 * largest
        else:
            assert exact_slope is None


def test_an_activation_without_a_native_form_is_refused():
    with pytest.raises(Unavailable, match="Fasttanh"):
        NativeMixture(2, [MixedLayer((0,), ("Fasttanh",), False)])
