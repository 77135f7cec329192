"""Parameters in one piece are the same parameters for whoever reads, sets or copies them."""

import copy

import pytest
import torch
from torch import Tensor, nn

from voxnas.kernels.flat import FlatParameters


def module() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(1, 3, 2), nn.Conv1d(3, 3, 1), nn.Conv1d(3, 1, 2, bias=False))


def flat_module(unused: tuple[int, ...] = (2, 3)) -> tuple[nn.Module, list[Tensor], FlatParameters]:
    net = module()
    parameters = list(net.parameters())
    return net, parameters, FlatParameters(parameters, unused)


def test_values_shapes_and_the_state_dict_stay() -> None:
    net, parameters, flat = flat_module()
    for (name, expected), got in zip(module().named_parameters(), parameters, strict=True):
        assert torch.equal(got, expected), name
    assert net.state_dict().keys() == module().state_dict().keys()
    assert torch.equal(flat.memory, nn.utils.parameters_to_vector(module().parameters()))


def test_runs_of_neighbours_are_leaves_and_what_is_unused_or_frozen_stays_apart() -> None:
    _, parameters, flat = flat_module()
    assert [leaf.shape for leaf in flat.leaves] == [(9,), (3, 3, 1), (3,), (1, 3, 2)]
    assert flat.leaves[1] is parameters[2]
    assert flat.leaves[3] is parameters[4], "one alone needs no view"
    assert flat.unused == [1, 2]
    frozen = list(module().parameters())
    frozen[1].requires_grad_(False)
    flat = FlatParameters(frozen)
    assert [leaf.requires_grad for leaf in flat.leaves] == [True, False, True]
    assert flat.unused == []


def test_setting_either_side_sets_the_other() -> None:
    net, parameters, flat = flat_module()
    with torch.no_grad():
        flat.leaves[0].fill_(2.0)
        assert (parameters[0] == 2).all()
        assert (parameters[1] == 2).all()
        parameters[1].fill_(3.0)
    assert (flat.leaves[0][6:] == 3).all()
    net.load_state_dict(module().state_dict())
    assert flat.holds(parameters)
    assert torch.equal(flat.memory, nn.utils.parameters_to_vector(module().parameters()))


def test_gradients_add_up_whichever_side_they_come_by() -> None:
    _, parameters, flat = flat_module()
    assert flat.holds(parameters)
    (flat.leaves[0].sum() + 2 * parameters[1].sum()).backward()
    grads = [p.grad for p in parameters]
    assert torch.equal(grads[0], torch.ones(3, 1, 2))
    assert torch.equal(grads[1], torch.full((3,), 3.0))
    assert torch.equal(flat.leaves[0].grad, torch.tensor([1.0] * 6 + [3.0] * 3))
    assert grads[2] is None, "it has none where PyTorch has none"


def test_gradients_set_to_none_are_zero_and_replaced_ones_are_taken() -> None:
    _, parameters, flat = flat_module()
    assert flat.holds(parameters)
    flat.leaves[0].grad.fill_(5.0)
    parameters[0].grad = None
    parameters[1].grad = torch.full((3,), 7.0)
    assert flat.holds(parameters)
    assert torch.equal(flat.leaves[0].grad, torch.tensor([0.0] * 6 + [7.0] * 3))
    flat.leaves[0].grad = None
    assert flat.holds(parameters)
    assert all((p.grad == 0).all() for p in parameters[:2])


@pytest.mark.parametrize("change", ["assign", "double", "freeze", "replace"])
def test_it_knows_when_the_parameters_have_gone(change: str) -> None:
    net, parameters, flat = flat_module()
    assert flat.holds(parameters)
    if change == "assign":
        net.load_state_dict(module().state_dict(), assign=True)
    elif change == "double":
        net.double()
    elif change == "freeze":
        parameters[0].requires_grad_(False)
    else:
        net[0].weight = nn.Parameter(torch.zeros(3, 1, 2))
    assert not flat.holds(list(net.parameters()))


def test_a_copy_has_memory_of_its_own() -> None:
    net, parameters, flat = flat_module()
    net.flat = flat
    other = copy.deepcopy(net)
    assert other.flat is None
    with torch.no_grad():
        flat.memory.zero_()
    assert all((p == 0).all() for p in parameters)
    assert not any((p == 0).all() for p in other.parameters())
