"""The look-ahead of the choices is the derivative that it stands for."""

from contextlib import suppress

import torch
from torch import Tensor, nn

from voxnas.search.darts.supernet import Choices
from voxnas.search.darts.unrolled import gradients, unrolled_gradient


class Small(nn.Module):
    """A mixture of two layers, twice differentiable."""

    def __init__(self) -> None:
        super().__init__()
        self.choices = Choices(["a"], ["tanh", "square"])
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        z = self.first(x)
        p = self.choices.probabilities()[0]
        y: Tensor = self.second(p[0] * torch.tanh(z) + p[1] * z.square())
        return y

    def weights(self) -> list[Tensor]:
        return [*self.first.parameters(), *self.second.parameters()]


def case() -> tuple[Small, tuple[Tensor, ...]]:
    torch.manual_seed(0)
    net = Small().double()
    return net, tuple(torch.randn(20, n, dtype=torch.float64) for n in (3, 1, 3, 1))


def test_the_finite_difference_is_the_exact_derivative_through_a_step():
    net, (x, y, x_choice, y_choice) = case()
    step, alphas, weights = 0.1, [net.choices.logits], net.weights()

    def loss(x: Tensor, y: Tensor) -> Tensor:
        return (net(x) - y).square().mean()

    def unrolled(perturbation: float) -> Tensor:
        given = (lambda: loss(x, y), lambda: loss(x_choice, y_choice), weights, alphas, step)
        return unrolled_gradient(*given, perturbation)[0]

    names = {id(p): name for name, p in net.named_parameters()}
    slopes = torch.autograd.grad(loss(x, y), weights, create_graph=True)
    moved = {names[id(w)]: w - step * g for w, g in zip(weights, slopes, strict=True)}
    moved["choices.logits"] = net.choices.logits
    ahead = (torch.func.functional_call(net, moved, (x_choice,)) - y_choice).square().mean()
    (exact,) = torch.autograd.grad(ahead, alphas)
    first_order = gradients(loss(x_choice, y_choice), alphas)[0]
    assert torch.allclose(unrolled(1e-5), exact, rtol=1e-6)
    assert torch.allclose(unrolled(0.01), exact, rtol=1e-3)
    assert not torch.allclose(first_order, exact, rtol=0.1)


def test_the_weights_are_as_before_whatever_happens():
    net, (x, y, _, _) = case()
    before = [w.clone() for w in net.weights()]

    def fails() -> Tensor:
        raise FloatingPointError

    for choice_loss in (lambda: (net(x) - y).square().mean(), fails):
        with suppress(FloatingPointError):
            unrolled_gradient(
                lambda: net(x).square().mean(), choice_loss, net.weights(), [net.choices.logits], 1.0
            )
        assert all(torch.equal(w, b) for w, b in zip(net.weights(), before, strict=True))
