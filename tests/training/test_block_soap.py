"""Adam in a basis that follows the gradients' covariance."""

import copy
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from voxnas.training.block_soap import BlockSOAP, refresh, turned
from voxnas.utils.errors import InputError

SHAPES = [(3, 2, 2), (3,), (5, 3)]


class Valley:
    """A quadratic whose axes are oblique to the weights', one a thousand times as steep as another."""

    def __init__(self, make, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.weights = [torch.randn(shape, generator=generator).requires_grad_() for shape in SHAPES]
        count = sum(w.numel() for w in self.weights)
        axes = torch.linalg.qr(torch.randn(count, count, generator=generator))[0]
        self.root = axes * torch.logspace(-3, 0, count).sqrt()
        self.noise = 0.01 * torch.randn(1000, count, generator=generator)
        self.optimizer = make(self.weights)
        self.steps = 0

    def loss(self) -> torch.Tensor:
        return (torch.cat([w.flatten() for w in self.weights]) @ self.root).square().sum()

    def train(self, steps: int) -> float:
        for _ in range(steps):
            self.optimizer.zero_grad()
            flat = torch.cat([w.flatten() for w in self.weights])
            (self.loss() + flat @ self.noise[self.steps]).backward()
            self.optimizer.step()
            self.steps += 1
        return float(self.loss().detach())


def test_until_the_basis_turns_it_is_adam():
    own = Valley(partial(BlockSOAP, lr=0.01, betas=(0.9, 0.99), refresh_every=50, block_size=7))
    adam = Valley(partial(torch.optim.Adam, lr=0.01, betas=(0.9, 0.99)))
    assert own.train(50) == pytest.approx(adam.train(50), rel=1e-5)
    for mine, theirs in zip(own.weights, adam.weights, strict=True):
        torch.testing.assert_close(mine, theirs)
    own.train(1)
    adam.train(1)
    assert not torch.allclose(own.weights[0], adam.weights[0], atol=1e-4)


@pytest.mark.parametrize("block_size", [1, 4, 16, 30, 100])
def test_blocks_of_any_size_train(block_size):
    valley = Valley(partial(BlockSOAP, lr=0.02, block_size=block_size, refresh_every=10))
    before = float(valley.loss().detach())
    assert valley.train(200) < 0.2 * before


def test_a_run_that_was_cut_goes_on_as_if_it_had_not_been():
    make = partial(BlockSOAP, lr=0.02, refresh_every=8, block_size=10)
    whole, cut, resumed = Valley(make), Valley(make), Valley(make)
    whole.train(45)
    cut.train(21)
    resumed.optimizer.load_state_dict(copy.deepcopy(cut.optimizer.state_dict()))
    with torch.no_grad():
        for new, old in zip(resumed.weights, cut.weights, strict=True):
            new.copy_(old)
    resumed.steps = cut.steps
    resumed.train(24)
    for new, old in zip(resumed.weights, whole.weights, strict=True):
        assert torch.equal(new, old)


def test_what_has_no_gradient_stays():
    frozen, unused, used = (torch.ones(3, requires_grad=grad) for grad in (False, True, True))
    optimizer = BlockSOAP([frozen, unused, used], lr=0.1, refresh_every=2)
    for _ in range(5):
        used.grad = torch.tensor([1.0, -1.0, 0.5])
        optimizer.step()
    assert torch.equal(frozen, torch.ones(3))
    torch.testing.assert_close(unused.detach(), torch.ones(3), rtol=0, atol=1e-4)
    assert (used.detach() - 1).abs().min() > 0.1


def test_each_group_has_a_rate_of_its_own():
    slow, fast = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    optimizer = BlockSOAP([{"params": [slow], "lr": 0.001}, {"params": [fast]}], lr=0.1)
    slow.grad = fast.grad = torch.ones(2)
    assert optimizer.step(lambda: 3.0) == 3.0
    torch.testing.assert_close(fast.detach(), torch.full((2,), -0.1))
    torch.testing.assert_close(slow.detach(), torch.full((2,), -0.001))


def test_a_gradient_that_is_not_finite_is_left_to_who_looks_at_the_loss():
    weights = torch.zeros(4, requires_grad=True)
    optimizer = BlockSOAP([weights], refresh_every=2)
    for value in (1.0, float("nan"), 1.0, 1.0):
        weights.grad = torch.full((4,), value)
        optimizer.step()
    assert weights.isnan().all()


def test_where_no_basis_is_found_the_old_one_goes_on(monkeypatch):
    valley = Valley(partial(BlockSOAP, lr=0.02, refresh_every=10))
    before = float(valley.loss().detach())
    for name in ("eigh", "qr"):
        monkeypatch.setattr(torch.linalg, name, lambda matrix: [torch.full_like(matrix, torch.nan)] * 2)
    assert valley.train(200) < 0.2 * before
    (state,) = valley.optimizer.state.values()
    assert torch.equal(state["basis"][0], torch.eye(len(state["basis"][0])))


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), size=st.integers(1, 12), rank=st.integers(1, 12), first=st.booleans())
def test_a_new_basis_is_one_and_the_moments_move_over(seed, size, rank, first):
    generator = torch.Generator().manual_seed(seed)
    rand = partial(torch.randn, generator=generator)
    old = torch.linalg.qr(rand(2, size, size))[0]
    recent = rand(5, 2, rank) @ rand(2, rank, size)[0]
    state = {"step": 5 if first else 50, "recent": recent, "covariance": torch.zeros(2, size, size)}
    state |= {"basis": old, "mean": rand(2, size), "variance": rand(2, size).square()}
    before = turned(state["mean"], old.mT), state["variance"].sum()
    refresh(state, 0.9)
    basis = state["basis"]
    torch.testing.assert_close(basis.mT @ basis, torch.eye(size).expand(2, -1, -1), atol=1e-4, rtol=0)
    torch.testing.assert_close(turned(state["mean"], basis.mT), before[0], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(state["variance"].sum(), before[1])
    torch.testing.assert_close(state["covariance"], state["covariance"].mT)


def test_the_basis_becomes_that_of_the_eigenvectors():
    torch.manual_seed(0)
    axes = torch.linalg.qr(torch.randn(6, 6))[0]
    weights = torch.zeros(6, requires_grad=True)
    optimizer = BlockSOAP([weights], covariance_beta=0.99, refresh_every=20)
    for _ in range(400):
        weights.grad = axes @ (torch.randn(6) * torch.tensor([32.0, 16.0, 8.0, 4.0, 2.0, 1.0]))
        optimizer.step()
    (state,) = optimizer.state.values()
    aligned = (axes.T @ state["basis"][0]).abs().amax(dim=1)
    assert (aligned > 0.9).all()


@pytest.mark.parametrize("value", [0, 1.5])
@pytest.mark.parametrize("name", ["block_size", "refresh_every"])
def test_a_size_that_cannot_be_is_refused(name, value):
    with pytest.raises(InputError, match=rf"training\.optimizer\.{name}={value}: give a whole number from 1"):
        BlockSOAP([torch.zeros(1, requires_grad=True)], **{name: value})


def test_one_gradient_out_of_all_bounds_does_not_end_the_training():
    """A cliff of the loss, as networks of many layers meet: afterwards nothing else seems to matter."""

    def after_a_cliff(outlier: float | None) -> float:
        valley = Valley(partial(BlockSOAP, lr=0.02, refresh_every=10, outlier=outlier))
        before = valley.train(100)
        valley.noise[100] *= 1e6
        valley.train(1)
        return valley.train(60) / before

    assert after_a_cliff(5.0) < 0.4
    assert after_a_cliff(None) > 0.9


def test_gradients_of_the_usual_sizes_are_left_alone():
    with_limit, without = (Valley(partial(BlockSOAP, lr=0.02, outlier=outlier)) for outlier in (20.0, None))
    assert with_limit.train(60) == without.train(60)


@pytest.mark.parametrize("outlier", [0.5, 1, -3])
def test_a_limit_that_would_hold_every_gradient_is_refused(outlier):
    with pytest.raises(InputError, match=r"training\.optimizer\.outlier=.*above 1"):
        BlockSOAP([torch.ones(1, requires_grad=True)], outlier=outlier)
