"""The engine for a model in a host of a sample rate that need not be the model's."""

from voxnas.engine.at_host_rate import AtHostRate
from voxnas.engine.base import StreamingEngine
from voxnas.engine.make import make_engine
from voxnas.engine.torch_engine import TorchEngine
from voxnas.models.at_rate import at_ratio
from voxnas.models.base import StreamingNetwork
from voxnas.models.state_delay import StateDelay
from voxnas.utils.errors import InputError

METHODS = ("auto", "around", "inside", "as_is")


def engine_for(
    network: StreamingNetwork,
    kind: str = "auto",
    model_rate: int | None = None,
    host_rate: int | None = None,
    method: str = "auto",
) -> StreamingEngine:
    """An engine that sounds right at the host's rate; at its own, or where one is not known, as it is.

    Args:
        kind: see `make_engine`.
        model_rate, host_rate: in Hz.
        method: "around", the signal is converted to the model's rate and back; "inside", the network is made
            to play at the host's, see `at_ratio`; "as_is", it plays as if that were its own, and sounds
            different; "auto", from inside where it can be, which is cheaper, later by nothing and aliases
            less, and else around it: also where no compiled code plays a state read between samples, which
            PyTorch would do one sample at a time.

    Raises:
        InputError: no such method, or the network cannot be played by it.
    """
    if method not in METHODS:
        raise InputError(f"unknown rate_method {method!r}; known are {', '.join(METHODS)}")
    if model_rate in (None, host_rate) or host_rate is None or method == "as_is":
        return make_engine(network, kind)
    assert model_rate is not None
    if method != "around":
        try:
            inside = at_ratio(network, host_rate / model_rate)
        except InputError:
            if method == "inside":
                raise
        else:
            engine = make_engine(inside, kind)
            slow = isinstance(inside, StateDelay) and isinstance(engine, TorchEngine)
            if method == "inside" or not slow:
                return engine
    return AtHostRate(make_engine(network, kind), model_rate, host_rate)
