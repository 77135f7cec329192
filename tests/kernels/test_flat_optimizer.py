"""An optimizer of leaves does, and writes down, what one of parameters does."""

import copy
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Adamax, AdamW, NAdam, Optimizer, RAdam, RMSprop

from voxnas.kernels.flat import FlatParameters
from voxnas.kernels.flat_optimizer import ELEMENTWISE, FlatOptimizer, is_elementwise

OPTIMIZERS = {
    "adam": partial(Adam, lr=0.01, betas=(0.9, 0.99)),
    "fused": partial(Adam, lr=0.01, fused=True),
    "amsgrad": partial(Adam, lr=0.01, amsgrad=True, weight_decay=0.1),
    "adamw": partial(AdamW, lr=0.01, weight_decay=0.1),
    "nadam": partial(NAdam, lr=0.01),
    "radam": partial(RAdam, lr=0.01),
    "adamax": partial(Adamax, lr=0.01),
    "rmsprop": partial(RMSprop, lr=0.01, momentum=0.5, centered=True),
    "sgd": partial(SGD, lr=0.01),
    "momentum": partial(SGD, lr=0.01, momentum=0.9, weight_decay=0.1),
}
UNUSED = (2, 3)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(1, 3, 2), nn.Conv1d(3, 3, 1), nn.Conv1d(3, 1, 2))


class Trained:
    """A network that gets the same gradients, step by step, as any other one of these."""

    def __init__(self, make, flat: bool) -> None:
        self.parameters = list(network().parameters())
        self.optimizer: Optimizer = make(self.parameters)
        self.lent = FlatOptimizer(self.optimizer, FlatParameters(self.parameters, UNUSED)) if flat else None

    def step(self, count: int = 1, seed: int = 0) -> "Trained":
        random = torch.Generator().manual_seed(seed)
        for _ in range(count):
            if self.lent is not None:
                assert self.lent.flat.holds(self.parameters)
            self.optimizer.zero_grad(set_to_none=False)
            grads = [torch.randn(p.shape, generator=random) for p in self.parameters]
            used = [
                (p, g) for i, (p, g) in enumerate(zip(self.parameters, grads, strict=True)) if i not in UNUSED
            ]
            torch.autograd.backward([(p * g).sum() for p, g in used])
            self.optimizer.step()
        return self


def assert_same(got, expected) -> None:
    torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_and_state_dicts_are_those_of_the_parameters(name: str) -> None:
    flat, plain = (Trained(OPTIMIZERS[name], flat).step(5) for flat in (True, False))
    assert_same(flat.parameters, plain.parameters)
    assert_same(flat.optimizer.state_dict(), plain.optimizer.state_dict())


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("after", [True, False])
def test_what_either_has_saved_the_other_goes_on_from(name: str, before: bool, after: bool) -> None:
    whole = Trained(OPTIMIZERS[name], False).step(3).step(3, seed=1)
    cut, resumed = Trained(OPTIMIZERS[name], before).step(3), Trained(OPTIMIZERS[name], after)
    resumed.optimizer.load_state_dict(copy.deepcopy(cut.optimizer.state_dict()))
    with torch.no_grad():
        for p, value in zip(resumed.parameters, cut.parameters, strict=True):
            p.copy_(value)
    resumed.step(3, seed=1)
    assert_same(resumed.parameters, whole.parameters)
    assert_same(resumed.optimizer.state_dict(), whole.optimizer.state_dict())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_given_back_it_goes_on_as_if_nothing_had_been(name: str) -> None:
    whole = Trained(OPTIMIZERS[name], False).step(3).step(3, seed=1)
    cut = Trained(OPTIMIZERS[name], True).step(3)
    for _ in range(2):  # once is enough, twice does no harm
        cut.lent.give_back(cut.parameters)
    cut.lent = None
    cut.step(3, seed=1)
    assert cut.optimizer.param_groups[0]["params"] == cut.parameters
    assert_same(cut.parameters, whole.parameters)
    assert_same(cut.optimizer.state_dict(), whole.optimizer.state_dict())


def test_the_unused_do_not_move_even_when_weights_decay() -> None:
    trained = Trained(OPTIMIZERS["adamw"], True).step(5)
    for index, (before, after) in enumerate(zip(network().parameters(), trained.parameters, strict=True)):
        assert torch.equal(before, after) == (index in UNUSED)
    assert set(trained.optimizer.state_dict()["state"]) == {0, 1, 4, 5}


def test_states_that_were_not_trained_as_one_are_gone_on_from_one_by_one() -> None:
    plain, flat = Trained(OPTIMIZERS["adam"], False).step(3), Trained(OPTIMIZERS["adam"], True)
    state = copy.deepcopy(plain.optimizer.state_dict())
    state["state"][0]["step"] += 1
    flat.optimizer.load_state_dict(state)
    assert flat.optimizer.param_groups[0]["params"] == flat.parameters
    assert_same(flat.optimizer.state_dict(), state)


def test_the_state_of_another_network_is_refused_as_ever() -> None:
    other = Adam([nn.Parameter(torch.zeros(3))])
    with pytest.raises(ValueError, match="doesn't match the size"):
        Trained(OPTIMIZERS["adam"], True).optimizer.load_state_dict(other.state_dict())


def test_only_optimizers_that_look_at_single_numbers_suit() -> None:
    parameters = list(network().parameters())

    def suits(optimizer: Optimizer, of: list[Tensor] = parameters) -> bool:
        return is_elementwise(optimizer, of)

    class Sneaky(Adam):
        pass

    assert all(suits(kind(parameters, lr=0.1)) for kind in ELEMENTWISE)
    assert not suits(torch.optim.Adafactor(parameters))
    assert not suits(torch.optim.LBFGS(parameters))
    assert not suits(Sneaky(parameters))
    assert not suits(Adam(parameters[:2]))
    assert not suits(Adam([{"params": parameters[:2]}, {"params": parameters[2:]}]))
    assert not suits(Trained(OPTIMIZERS["adam"], False).step().optimizer)
