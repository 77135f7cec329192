"""Which engine a name gives, and what is said where there is none."""

import logging

import pytest

from voxnas.engine import make
from voxnas.engine.make import make_engine
from voxnas.engine.torch_engine import TorchEngine
from voxnas.kernels.build import Unavailable
from voxnas.models.wavenet import WaveNet, stack
from voxnas.utils.errors import InputError


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(network):
        raise Unavailable("no C++ compiler works")

    monkeypatch.setattr(make, "NativeEngine", refuse)
    make._warn_once.cache_clear()


def test_torch_is_torch():
    assert isinstance(make_engine(stack(2, 2), "torch"), TorchEngine)


def test_auto_is_native_where_that_can_be():
    try:
        expected = make_engine(stack(2, 2), "native").name
    except InputError as reason:
        pytest.skip(str(reason))
    assert make_engine(stack(2, 2), "auto").name == make_engine(stack(2, 2)).name == expected == "native"


@pytest.mark.usefixtures("no_compiler")
def test_auto_is_pytorch_elsewhere_and_says_why_once(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        engines = [make_engine(stack(2, 2)) for _ in range(3)]
    assert [engine.name for engine in engines] == ["torch"] * 3
    assert [record.getMessage() for record in caplog.records] == [
        "models play on PyTorch, whose cost per block is not a plug-in's: no C++ compiler works"
    ]


@pytest.mark.usefixtures("no_compiler")
def test_native_where_that_cannot_be_is_refused_with_the_reason():
    with pytest.raises(InputError, match="engine=native cannot be: no C\\+\\+ compiler works"):
        make_engine(stack(2, 2), "native")


def test_what_looks_back_too_far_is_left_to_pytorch():
    network = WaveNet([{"channels": 1, "dilations": [2**25], "kernel_size": 2}])
    with pytest.raises(InputError, match="receptive field of 33554433 samples"):
        make_engine(network, "native")


def test_an_unknown_engine_is_refused_by_name():
    with pytest.raises(InputError, match=r"'cuda'.*auto, native, torch"):
        make_engine(stack(2, 2), "cuda")
