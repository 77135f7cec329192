"""Native training of programs computes what PyTorch does in float64, whatever the steps."""

import copy

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from streams import seeded
from trained_programs import CONTROLS, conv, gradients, grown, past_samples, programs, reference, tensors

from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.graph import Step
from voxnas.kernels.program import NativeProgram
from voxnas.models.programmed import ProgramNetwork
from voxnas.utils.errors import InputError

try:
    load("program_train.cpp")
except Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)


@settings(max_examples=60, deadline=None)
@given(
    steps=programs(),
    batch=st.integers(1, 3),
    samples=st.integers(1, 2000),
    more=st.integers(0, 300),
    threads=st.sampled_from([1, 2, 3]),
    kept=st.booleans(),
)
def test_output_and_gradients_are_those_of_pytorch(steps, batch, samples, more, threads, kept):
    before = torch.get_num_threads()
    random = torch.Generator().manual_seed(samples)
    length = samples + past_samples(steps) + more
    x, dy = torch.randn(batch, 1, length, generator=random), torch.randn(batch, 1, samples, generator=random)
    heard = torch.rand(batch, CONTROLS, generator=random)
    exact, exact_x = grown(steps, torch.float64), x.double().requires_grad_()
    expected, nearest = reference(exact, exact_x, samples, heard.double())
    assume(nearest > 1e-5)  # else rounding decides which slope it has
    assume(expected.abs().max() < 1e3)
    form, own, own_x = NativeProgram(steps), grown(steps, torch.float32), x.clone().requires_grad_()
    if not kept:
        form.most_kept = 0
    try:
        torch.set_num_threads(threads)
        y = form(own_x, samples, own, heard)
        found = gradients(y, dy, own_x, *tensors(own))
    finally:
        torch.set_num_threads(before)
    # what a norm divides by a small deviation it enlarges, and the rounding with it
    enlarged = 100 if any(step.kind == "norm" for step in steps) else 1
    assert (y - expected).abs().max() <= 2e-5 * enlarged * max(1.0, float(expected.detach().abs().max()))
    right = gradients(expected, dy, exact_x, *tensors(exact))
    rounding = 1e-6 * enlarged * (max(one.abs().max() for one in right) + 0.1)
    for one, other in zip(found, right, strict=True):
        assert (one - other).abs().max() <= 1e-4 * other.abs().max() + rounding


FORMS = {
    "TCN": {"type": "TCN"},
    "TCN of one channel": {"type": "TCN", "channels": 1, "num_layers": 2, "activation": "SiLU"},
    "TCN whose past is longer than tiles": {"type": "TCN", "channels": 3, "dilation_base": 10},
    "TCN wider than a block": {"type": "TCN", "channels": 21, "num_layers": 2, "activation": "Tanh"},
    "ConvNet": {"type": "ConvNet", "channels": 5, "dilations": [1, 2, 4], "activation": "PReLU"},
    "Linear": {"type": "Linear", "taps": 700, "bias": True},
    "Transformer": {"type": "Transformer", "channels": 4, "window": 5},
    "Transformer whose past is longer than tiles": {"type": "Transformer", "window": 40, "dilation_base": 40},
    "Transformer with norms": {
        "type": "Transformer",
        "channels": 6,
        "heads": 3,
        "activation": "PReLU",
        "norm": True,
    },
    "state space": {"type": "StateSpace"},
    "state space with gates": {
        "type": "StateSpace",
        "gated": True,
        "activation": "PReLU",
        "times": [2, 9000],
    },
    "LACTOSE": {"type": "Lactose"},
    "LACTOSE without a blend": {"type": "Lactose", "ranges": 5, "blend": 0.0, "activation": "SiLU"},
    "LACTOSE of one range": {"type": "Lactose", "ranges": 1},
}


def assert_learns_as_pytorch(net: ProgramNetwork, batch: int = 2, samples: int = 1700) -> None:
    exact = copy.deepcopy(net).double()
    x = 0.5 * torch.randn(
        batch, 1, samples + net.receptive_field - 1, generator=torch.Generator().manual_seed(1)
    )
    y, expected = net(x), exact(x.double())
    torch.testing.assert_close(y.double(), expected, rtol=1e-5, atol=1e-5)
    y.square().sum().backward()
    expected.square().sum().backward()
    for (name, parameter), other in zip(net.named_parameters(), exact.parameters(), strict=True):
        assert (parameter.grad - other.grad).abs().max() <= 2e-4 * other.grad.abs().max() + 1e-6, name


@pytest.mark.parametrize("form", FORMS)
def test_a_network_of_steps_learns_as_pytorch_says(form):
    assert_learns_as_pytorch(seeded(**FORMS[form], backend="auto"))


class Gated(ProgramNetwork):
    """A network that knows nothing of native code but its program."""

    receptive_field, macs_per_sample = 1, 9

    def __init__(self) -> None:
        super().__init__()
        start = torch.randn(3, 3, generator=torch.Generator().manual_seed(2))
        self.enter, self.gate, self.leave = (torch.nn.Parameter(row) for row in start)

    def program(self) -> list[Step]:
        return [
            Step("conv", (0,), 3, 1, weight=self.enter[:, None, None]),
            Step("activation", (1,), 3, 1, activation="Tanh"),
            Step("conv", (0,), 3, 1, weight=self.gate[:, None, None]),
            Step("activation", (3,), 3, 1, activation="Sigmoid"),
            Step("multiply", (2, 4), 3, 1),
            Step("conv", (5,), 1, 1, weight=self.leave[None, :, None]),
        ]

    def _offline(self, x, heard):
        enter, gate = self.enter[:, None] * x, self.gate[:, None] * x
        return (self.leave[:, None] * torch.tanh(enter) * torch.sigmoid(gate)).sum(1, keepdim=True)

    def initial_state(self, batch=1, controls=None):
        return []

    def stream(self, x, state, controls=None):
        return self._offline(x, controls), []

    def architecture(self):
        return {}


def test_a_new_network_trains_natively_by_its_program_alone():
    net = Gated()
    net.use("native")
    assert_learns_as_pytorch(net)


def test_results_repeat_bit_by_bit_also_with_another_number_of_threads():
    net, found = seeded(type="TCN", backend="native"), []
    x = torch.randn(6, 1, net.receptive_field + 500, generator=torch.Generator().manual_seed(4))
    threads = torch.get_num_threads()
    try:
        for count in (1, 1, 3):
            torch.set_num_threads(count)
            found.append(torch.autograd.grad(net(x).square().sum(), list(net.parameters())))
    finally:
        torch.set_num_threads(threads)
    for other in found[1:]:
        assert all(torch.equal(*pair) for pair in zip(found[0], other, strict=True))


def test_a_nan_stays_in_its_item():
    net = seeded(type="TCN", backend="native")
    x = torch.zeros(3, 1, net.receptive_field + 800)
    x[1] = torch.nan
    y = net(x).detach()
    assert torch.isfinite(y[[0, 2]]).all()
    assert y[1].isnan().all()


def test_too_short_an_input_is_refused():
    net = seeded(type="TCN", backend="native")
    with pytest.raises(ValueError, match="expected"):
        net(torch.zeros(1, 1, net.receptive_field - 1))
    with pytest.raises(ValueError, match="too few"):
        net._form(torch.zeros(1, 1, 9), 5, net.program())


@pytest.mark.parametrize(
    ("activation", "message"),
    [
        ("Hardswish", "the activation Hardswish has no native form"),
        ({"type": "LeakyReLU", "negative_slope": -0.1}, "LeakyReLU without a slope above zero"),
    ],
)
def test_what_has_no_native_form_is_said_and_trains_on_pytorch(activation, message, caplog):
    form = {"type": "TCN", "num_layers": 2, "activation": activation}
    net = seeded(**form)
    x = torch.zeros(1, 1, net.receptive_field)
    assert net(x).shape == (1, 1, 1)
    net(x)
    assert sum(message in record.getMessage() for record in caplog.records) == 1
    with pytest.raises(InputError, match=f"TCN: backend=native cannot be: {message}"):
        seeded(**form, backend="native")(x)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Step("avg_pool", (0,), 1, 1, 2), "steps of the kind avg_pool train on PyTorch only"),
        (Step("activation", (0,), 1, 1, activation="Fasttanh"), "the activation Fasttanh has no native form"),
        (conv(0, 1, 1, torch.Generator(), stride=2), "steps at a lower rate"),
    ],
)
def test_steps_that_train_on_pytorch_only_are_named(step, message):
    steps = [step]
    if step.stride == 2:
        steps = [Step(**{**vars(step), "rate": 2})]
        steps.append(Step("upsample", (1,), 1, 1, weight=torch.ones(2, 1, 1, 1)))
    with pytest.raises(Unavailable, match=message):
        NativeProgram(steps)


def test_an_unknown_backend_is_refused_in_one_line():
    with pytest.raises(InputError, match="ConvNet: unknown backend 'gpu'; one of auto, native, torch"):
        seeded(type="ConvNet", backend="gpu")
