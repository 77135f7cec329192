"""Native strings are what PyTorch computes sample by sample, gradients through the feedback included."""

import pytest
import torch

from voxnas.kernels.string import ACTIVATIONS, StringForm, run_native
from voxnas.kernels.string_torch import run_torch

SEED_TAPS = tuple((0, d) for d in (1, 2, 3, 8, 9, 10, 11))
FORMS = {
    "linear": StringForm(SEED_TAPS),
    "one layer": StringForm(SEED_TAPS, hidden=(5,), activation="Softsign"),
    "two layers": StringForm(SEED_TAPS, hidden=(6, 5), extras=2, window=10, drop=0.01),
    "scaled": StringForm(SEED_TAPS, hidden=(6, 5), scaled=True, extras=1, window=10),
    "states": StringForm(((0, 9),), states=3, tuned=True),
    "passive": StringForm(((0, 9),), states=3, hidden=(6,), tuned=True, passive=True, rho=0.98),
    "two polarisations": StringForm(
        ((0, 9), (1, 10)), 2, 4, hidden=(4, 4), tuned=True, passive=True, rho=0.99, scaled=True, window=9
    ),
}


def material(form: StringForm, batch: int, steps: int, dtype=torch.float64, seed=0):
    made = torch.Generator().manual_seed(seed)
    size = sum(int(torch.Size(shape).numel()) for shape in form.sizes())
    weights = 0.4 * torch.randn(size, generator=made, dtype=torch.float64)
    start = torch.randn(batch, form.lines, form.history, generator=made, dtype=torch.float64)
    given = torch.randn(batch, form.lines, steps, generator=made, dtype=torch.float64)
    onset = torch.tensor([[-3.0, 100.0]] * batch, dtype=torch.float64)
    return tuple(t.to(dtype) for t in (weights, start, given, onset))


@pytest.mark.parametrize("forced", [0, 7, 40])
@pytest.mark.parametrize("name", FORMS)
def test_output_and_gradients_are_those_of_pytorch(name, forced):
    form, steps = FORMS[name], 40
    weights, start, given, onset = material(form, 2, steps)
    found = []
    for run in (run_native, run_torch):
        w, s = weights.clone().requires_grad_(), start.clone().requires_grad_()
        y = run(form, w, s, steps, given, forced, onset)
        (y * torch.cos(torch.arange(y.numel(), dtype=y.dtype)).view_as(y)).sum().backward()
        found.append((y.detach(), w.grad, s.grad))
    for native, reference in zip(*found, strict=True):
        torch.testing.assert_close(native, reference, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_pytorch_s(activation):
    form = StringForm(SEED_TAPS, hidden=(7,), activation=activation)
    weights, start, *_ = material(form, 1, 30)
    torch.testing.assert_close(run_native(form, weights, start, 30), run_torch(form, weights, start, 30))


@pytest.mark.parametrize("batch", [1, 2, 5, 16, 19, 37])
@pytest.mark.parametrize("name", ["two layers", "two polarisations"])
def test_strings_side_by_side_are_as_each_alone(name, batch):
    form = FORMS[name]
    weights, start, given, onset = material(form, batch, 60, torch.float32)
    w, s = weights.clone().requires_grad_(), start.clone().requires_grad_()
    y = run_native(form, w, s, 60, given, 5, onset)
    y.square().sum().backward()
    grads = []
    for i in range(batch):
        one = [t[i : i + 1] for t in (start, given, onset)]
        w1 = weights.clone().requires_grad_()
        alone = run_native(form, w1, one[0], 60, one[1], 5, one[2])
        alone.square().sum().backward()
        grads.append(w1.grad)
        torch.testing.assert_close(y[i : i + 1], alone, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(w.grad, torch.stack(grads).sum(0), rtol=1e-3, atol=1e-3)


def test_results_do_not_depend_on_the_number_of_threads():
    form = FORMS["two layers"]
    weights, start, given, onset = material(form, 40, 50, torch.float32)
    found, before = [], torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            w = weights.clone().requires_grad_()
            run_native(form, w, start, 50, given, 9, onset).square().sum().backward()
            found.append(w.grad)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*found)


def test_what_does_not_fit_is_said():
    form = FORMS["linear"]
    weights, start, *_ = material(form, 1, 5)
    with pytest.raises(ValueError, match="a start is"):
        run_native(form, weights, start[..., 1:], 5)
    with pytest.raises(ValueError, match="forced"):
        run_native(form, weights, start, 5, forced=2)
    with pytest.raises(ValueError, match="both float32 or float64"):
        run_native(form, weights.float(), start, 5)
