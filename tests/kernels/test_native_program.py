"""Native training of programs computes what PyTorch does in float64, whatever the steps."""

import copy
from collections.abc import Sequence

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from streams import seeded
from torch import Tensor
from torch.nn import functional

from voxnas.kernels.activations import TRAINED
from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.graph import NORM_FLOOR, Step
from voxnas.kernels.program import NativeProgram
from voxnas.models import activations
from voxnas.models.programmed import ProgramNetwork
from voxnas.utils.errors import InputError

try:
    load("program_train.cpp")
except Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)

CONTROLS = 2
KINDS = ("conv", "conv", "activation", "activation", "add", "multiply", "film", "norm", "attention")
KINKED = ("ReLU", "LeakyReLU", "PReLU", "Hardtanh")


def conv(signal: int, inputs: int, channels: int, random: torch.Generator, **more) -> Step:
    """A convolution that keeps the level."""
    kernel = more.get("kernel_size", 1)
    weight = torch.randn(channels, inputs, kernel, generator=random) * (inputs * kernel) ** -0.5
    bias = 0.1 * torch.randn(channels, generator=random) if more.pop("biased", True) else None
    return Step("conv", (signal,), channels, 1, weight=weight, bias=bias, **more)


@st.composite
def programs(draw: st.DrawFn) -> list[Step]:
    """Any of whose signals may be read by several, or by none."""
    random = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    steps: list[Step] = []
    channels = [1]
    for _ in range(draw(st.integers(1, 9))):
        # the latest more often, so that programs are deep
        signal = draw(st.one_of(st.just(len(steps)), st.integers(0, len(steps))))
        width = channels[signal]
        alike = [number for number, count in enumerate(channels) if count == width]
        kind = draw(st.sampled_from(KINDS))
        if kind == "attention":
            heads, head = draw(st.integers(1, 2)), draw(st.integers(1, 3))
            steps.append(conv(signal, width, 3 * heads * head, random))
            channels.append(3 * heads * head)
            signal, width = len(steps), heads * head
        if kind == "norm" and width < 4:  # of fewer it is but their order, and hardly has a slope
            steps.append(conv(signal, width, 4, random))
            channels.append(4)
            signal, width = len(steps), 4
        if kind == "conv":
            sizes = {"kernel_size": draw(st.integers(1, 5)), "dilation": draw(st.integers(1, 40))}
            options = {"biased": draw(st.booleans()), "relu": draw(st.integers(0, 4)) == 0}
            step = conv(signal, width, draw(st.integers(1, 9)), random, **sizes, **options)
        elif kind == "activation":
            name = draw(st.sampled_from(TRAINED))
            slopes = torch.rand(width, generator=random) if name == "PReLU" else None
            step = Step("activation", (signal,), width, 1, weight=slopes, activation=name)
        elif kind == "norm":
            gains, biases = torch.rand(2, width, generator=random) + 0.5
            step = Step("norm", (signal,), width, 1, weight=gains, bias=biases)
        elif kind == "attention":
            window = {"kernel_size": draw(st.integers(1, 5)), "dilation": draw(st.integers(1, 20))}
            ages = 0.3 * torch.randn(2, width, window["kernel_size"], generator=random)
            step = Step("attention", (signal,), width, 1, weight=ages, heads=heads, **window)
        elif kind == "film":
            film = 0.5 * torch.randn(2, width, CONTROLS, generator=random)
            step = Step("film", (signal,), width, 1, weight=film)
        else:
            more = draw(st.lists(st.sampled_from(alike), min_size=1, max_size=1 + 2 * (kind == "add")))
            step = Step(kind, (signal, *more), width, 1)
        steps.append(step)
        channels.append(step.channels)
    return [*steps, conv(len(steps), channels[-1], 1, random)]


def tensors(steps: Sequence[Step]) -> list[Tensor]:
    return [part for step in steps for part in (step.weight, step.bias) if part is not None]


def past_samples(steps: Sequence[Step]) -> int:
    """How far the output looks back, at most."""
    back = [0]
    for step in steps:
        own = (step.kernel_size - 1) * step.dilation
        back.append(own + max(back[number] for number in step.inputs))
    return back[-1]


def reference(steps: Sequence[Step], x: Tensor, samples: int, heard: Tensor) -> tuple[Tensor, float]:
    """From the words of `Step`; and how near an activation comes to where its slope jumps."""
    signals, nearest = [x], 1.0
    for step in steps:
        first, *rest = (signals[number] for number in step.inputs)
        if step.kind == "conv":
            padded = functional.pad(first, ((step.kernel_size - 1) * step.dilation, 0))
            y = functional.conv1d(padded, step.weight, step.bias, dilation=step.dilation)
        elif step.kind == "film":
            scale, shift = torch.einsum("prk,bk->pbr", step.weight, heard).unsqueeze(-1)
            y = first * (1 + scale) + shift
        elif step.kind == "activation":
            y = _activated(step, first)
        elif step.kind == "norm":
            y = functional.layer_norm(first.mT, step.weight.shape, step.weight, step.bias, NORM_FLOOR).mT
        elif step.kind == "attention":
            y = _attended(step, first)
        else:
            y = sum(rest, start=first) if step.kind == "add" else first * rest[0]
        if step.relu or step.activation in KINKED:
            kinks = (-1, 1) if step.activation == "Hardtanh" else (0,)
            before = y if step.relu else first
            nearest = min([nearest, *(float((before - kink).detach().abs().min()) for kink in kinks)])
        signals.append(torch.relu(y) if step.relu else y)
    return signals[-1][..., -samples:], nearest


def _attended(step: Step, x: Tensor) -> Tensor:
    """`(batch, 3 channels, samples)` to `(batch, channels, samples)`, with silence before them."""
    back = [age * step.dilation for age in range(step.kernel_size)]
    padded = functional.pad(x, (back[-1], 0))
    seen = torch.stack([padded[..., back[-1] - b : padded.shape[-1] - b] for b in back], dim=-1)
    seen = seen.unflatten(1, (3, step.heads, -1))
    query, key, value = seen.unbind(1)
    own_key, own_value = step.weight.unflatten(1, (step.heads, -1)).unsqueeze(-2)
    scores = (query[..., :1] * (key + own_key)).sum(2, keepdim=True)
    return (scores.softmax(-1) * (value + own_value)).sum(-1).flatten(1, 2)


def _activated(step: Step, x: Tensor) -> Tensor:
    if step.weight is not None:
        return functional.prelu(x, step.weight)
    return activations.activation(step.activation, step.channels)(x)


def grown(steps: Sequence[Step], dtype: torch.dtype) -> list[Step]:
    """A copy whose weights are leaves."""
    return [
        Step(
            **{
                **vars(step),
                "weight": None if step.weight is None else step.weight.to(dtype).clone().requires_grad_(),
                "bias": None if step.bias is None else step.bias.to(dtype).clone().requires_grad_(),
            }
        )
        for step in steps
    ]


def gradients(y: Tensor, dy: Tensor, *leaves: Tensor) -> list[Tensor]:
    found = torch.autograd.grad(y, leaves, dy.to(y), allow_unused=True)
    pairs = zip(found, leaves, strict=True)
    return [(torch.zeros_like(leaf) if one is None else one).double() for one, leaf in pairs]


@settings(max_examples=60, deadline=None)
@given(
    steps=programs(),
    batch=st.integers(1, 3),
    samples=st.integers(1, 2000),
    threads=st.sampled_from([1, 2, 3]),
    kept=st.booleans(),
)
def test_output_and_gradients_are_those_of_pytorch(steps, batch, samples, threads, kept):
    before = torch.get_num_threads()
    random = torch.Generator().manual_seed(samples)
    length = samples + past_samples(steps)
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
