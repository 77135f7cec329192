"""The relaxed WaveNet: what it computes and costs where its choices are certain, and where they are not."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from voxnas.models.from_genotype import network_of
from voxnas.models.genotype import LayerChoice, WaveNetGenotype
from voxnas.search.darts.costs import price_of
from voxnas.search.darts.wavenet import WaveNetSuperNet
from voxnas.utils.errors import InputError

KERNELS, ACTIVATIONS, MULTIPLES = (1, 2, 3), ("Tanh", "SiLU", "LeakyReLU"), (1, 2, 4)


def super_net(channels: int = 3, bases: tuple[int, ...] = (1, 2, 4), **options: object) -> WaveNetSuperNet:
    torch.manual_seed(0)
    net = WaveNetSuperNet(channels, bases, KERNELS, MULTIPLES, ACTIVATIONS, **options)
    for alpha in net.alphas():
        torch.nn.init.normal_(alpha)
    return net


@st.composite
def genotypes(draw: st.DrawFn) -> WaveNetGenotype:
    layers = [
        LayerChoice(
            draw(st.sampled_from(KERNELS)),
            base * draw(st.sampled_from(MULTIPLES)),
            draw(st.sampled_from(ACTIVATIONS)),
            draw(st.booleans()),
        )
        for base in (1, 2, 4)
    ]
    kept = draw(st.lists(st.booleans(), min_size=3, max_size=3).filter(any))
    return WaveNetGenotype(3, tuple(layer for layer, keep in zip(layers, kept, strict=True) if keep))


@settings(max_examples=30)
@given(genotypes())
def test_certain_choices_cost_what_the_network_costs_and_sound_as_it_does(genotype):
    net = super_net()
    net.set_one_hot(genotype)
    assert net.genotype() == genotype
    own = net.network()
    assert own.architecture() == network_of(genotype, name=own.name).architecture()
    assert net.expected_cost(price_of("Memory")).item() == own.num_parameters
    assert net.expected_cost(price_of("Compute")).item() == own.macs_per_sample
    x = torch.randn(2, 1, net.receptive_field + 100)
    with torch.no_grad():
        expected = own(x[..., net.receptive_field - own.receptive_field :])
        assert torch.allclose(net(x), expected, atol=1e-6)
        net.drawn = list(net.choices)
        assert torch.allclose(net(x), expected, atol=1e-6)


@pytest.mark.parametrize("gates", [("none", "gated"), ("none",), ("gated",)])
def test_native_code_and_pytorch_compute_the_same(gates):
    net = super_net(5, gates=gates)
    exact = copy.deepcopy(net).double()
    x = torch.randn(2, 1, net.receptive_field + 500)
    dy = torch.randn(2, 1, 501)
    y, exact_y = net(x), exact(x.double())
    assert torch.allclose(y.double(), exact_y, rtol=1e-5, atol=1e-6)
    y.backward(dy)
    exact_y.backward(dy.double())
    for (name, parameter), reference in zip(net.named_parameters(), exact.parameters(), strict=True):
        assert (parameter.grad is None) == (reference.grad is None), name
        if parameter.grad is not None:
            error = (parameter.grad - reference.grad).abs().max()
            assert error <= 1e-4 * reference.grad.abs().max() + 1e-7, name


def test_every_choice_gets_a_gradient_and_a_layer_s_weight_is_not_made_up_for_where_it_is_drawn():
    net = super_net()
    net.drawn = ["layer"]
    x = torch.randn(2, 1, net.receptive_field + 200)
    net(x).square().mean().backward()
    assert all(alpha.grad is not None and alpha.grad.abs().max() > 0 for alpha in net.alphas())


def test_a_draw_is_computed_alike_with_and_without_what_was_not_drawn():
    net = super_net()
    net.drawn = list(net.choices)
    x = torch.randn(2, 1, net.receptive_field + 200)
    torch.manual_seed(3)
    picks = {name: table.sample().argmax(1) for name, table in net.choices.items()}
    for name, table in net.choices.items():
        table.set_one_hot(picks[name].tolist())
    whole = net(x)  # with gradients for the choices: every tap
    with torch.no_grad():
        assert torch.allclose(net(x), whole, atol=1e-6)


def test_memory_and_compute_press_in_different_directions():
    net = super_net(2)
    by_mode = {}
    for mode in ("Memory", "Compute"):
        price = price_of(mode)
        cost = net.expected_cost(price) / net.largest_cost(price)
        slopes = torch.autograd.grad(cost, net.alphas(), allow_unused=True, materialize_grads=True)
        by_mode[mode] = torch.cat([slope.flatten() for slope in slopes])
    cosine = torch.cosine_similarity(by_mode["Memory"], by_mode["Compute"], dim=0)
    assert cosine < 1 - 1e-6
    assert not torch.allclose(by_mode["Memory"], by_mode["Compute"], rtol=1e-2)


def test_the_largest_network_costs_what_no_other_exceeds():
    net = super_net()
    before = [alpha.clone() for alpha in net.alphas()]
    price = price_of("Compute")
    largest = net.largest_cost(price)
    assert all(torch.equal(a, b) for a, b in zip(net.alphas(), before, strict=True))
    longest = WaveNetGenotype(3, tuple(LayerChoice(3, base, "Tanh", True) for base in (1, 2, 4)))
    assert largest == network_of(longest).macs_per_sample


def test_where_every_layer_is_left_out_the_likeliest_stays():
    net = super_net()
    with torch.no_grad():
        net.choices["layer"].logits.copy_(torch.tensor([[9.0, 0.0], [5.0, 0.0], [7.0, 0.0]]))
    assert len(net.genotype().layers) == 1
    assert net.genotype().layers[0].dilation % 2 == 0


def test_a_genotype_of_another_space_is_refused():
    net = super_net()
    for genotype in (
        WaveNetGenotype(4, (LayerChoice(3, 1, "Tanh", False),)),
        WaveNetGenotype(3, (LayerChoice(3, 64, "Tanh", False),)),
        WaveNetGenotype(3, (LayerChoice(7, 1, "Tanh", False),)),
        WaveNetGenotype(3, (LayerChoice(3, 1, "ReLU", False),)),
    ):
        with pytest.raises(InputError):
            net.set_one_hot(genotype)


@pytest.mark.parametrize(
    "options",
    [{"gates": ("wide",)}, {"gates": ()}, {"backend": "cuda"}, {"gates": ("none", "none")}],
)
def test_options_that_cannot_be_are_refused_in_one_line(options):
    with pytest.raises(InputError):
        super_net(**options)
    with pytest.raises(InputError, match="unknown activation 'PReLU'"):
        WaveNetSuperNet(3, (1, 2), activations=("PReLU",))
