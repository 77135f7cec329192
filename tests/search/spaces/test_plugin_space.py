"""The space of the plug-in's WaveNets: whatever is chosen is valid, is played there, and trains natively."""

import re
from collections.abc import Sequence

import pytest
import torch
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from voxnas.engine.cost.profile import plugin_cost
from voxnas.export.nam import read_nam, write_nam
from voxnas.kernels.build import Unavailable, load
from voxnas.models.build import build
from voxnas.search.spaces.base import T
from voxnas.search.spaces.choosers import RandomChooser
from voxnas.search.spaces.mutation import MutatingChooser
from voxnas.search.spaces.plugin import PluginSpace
from voxnas.search.spaces.sample import sample
from voxnas.utils.errors import InputError

SCALE = 1 / 64  # which float32, and so a file, holds exactly
SPACES = {
    "all": PluginSpace(head_scale=SCALE),
    "kernels per layer": PluginSpace(kernel_per_layer=True, head_scale=SCALE),
    "tight": PluginSpace(max_receptive_field=150, max_parameters=150, head_scale=SCALE),
    "one array": PluginSpace(arrays=[1, 1], dilations=["spread"], gated=[True], head_scale=SCALE),
}
CASES = 12  # per space; each is built, written, read and trained a step


class Drawn:
    """Lets hypothesis choose, so that it finds the smallest case that fails; keeps what it chose."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data
        self.made: dict[str, object] = {}

    def choice(self, name: str, options: Sequence[T]) -> T:
        return self._keep(name, self._data.draw(st.sampled_from(list(options)), name))

    def integer(self, name: str, low: int, high: int, log: bool = False) -> int:
        return self._keep(name, self._data.draw(st.integers(low, high), name))

    def real(self, name: str, low: float, high: float, log: bool = False) -> float:
        return self._keep(name, self._data.draw(st.floats(low, high), name))

    def _keep(self, name, value):
        assert name not in self.made, f"{name} was asked for twice"
        self.made[name] = value
        return value


def parsed(overrides: list[str]) -> dict:
    """The architecture as Hydra reads it."""
    chosen, architecture = OverridesParser.create().parse_overrides(overrides)
    assert (chosen.key_or_group, chosen.value()) == ("model", "architecture")
    assert architecture.key_or_group == "model.architecture"
    assert not architecture.is_sweep_override()
    return OmegaConf.to_container(OmegaConf.create(architecture.value()))


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@settings(max_examples=CASES)
@given(data=st.data())
def test_every_proposal_is_a_network_within_the_limits(space, data):
    architecture = parsed(space.propose(Drawn(data)))
    network = build(architecture, backend="torch")
    assert network.name == architecture["name"]
    assert network.num_parameters <= space.max_parameters
    assert network.receptive_field <= space.max_receptive_field
    low, high = space.arrays
    assert low <= len(network.shapes) <= high
    for shape in network.shapes:
        assert space.channels[0] <= shape.channels <= space.channels[1]
        assert space.layers[0] <= len(shape.dilations) <= space.layers[1]
        assert all(space.kernel_size[0] <= k <= space.kernel_size[1] for k in shape.kernel_sizes)
        assert set(shape.activations) <= set(space.activations)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@settings(max_examples=CASES)
@given(data=st.data())
def test_every_proposal_is_played_by_the_plug_in_as_it_was_written(space, data, tmp_path_factory):
    network = build(parsed(space.propose(Drawn(data))), backend="torch")
    path = tmp_path_factory.mktemp("nam") / "amp.nam"
    write_nam(network, path, 48000)
    read = read_nam(path).network
    read.backend = network.backend
    assert {**read.architecture(), "name": ""} == {**network.architecture(), "name": ""}
    x = torch.linspace(-1, 1, network.receptive_field + 15)[None, None]
    with torch.no_grad():
        assert torch.equal(network(x), read(x))


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@settings(max_examples=CASES)
@given(data=st.data())
def test_every_proposal_trains_natively_as_it_does_on_pytorch(space, data):
    try:
        load("wavenet_train.cpp")
    except Unavailable as reason:
        pytest.skip(str(reason))
    architecture = parsed(space.propose(Drawn(data)))
    torch.manual_seed(0)
    native = build(architecture, backend="native")  # which raises where it cannot be
    reference = build(architecture, backend="torch")
    reference.load_state_dict(native.state_dict())
    x = torch.randn(1, 1, native.receptive_field + 31)
    torch.testing.assert_close(native(x), reference(x), rtol=1e-3, atol=1e-5)
    native(x).square().mean().backward()
    gradients = [p.grad for p in native.parameters() if p.grad is not None]
    assert len(gradients) >= len(list(native.parameters())) - 2  # the last residual leads nowhere
    assert all(bool(torch.isfinite(g).all()) for g in gradients)


@settings(max_examples=100)
@given(data=st.data())
def test_the_name_is_short_and_readable_and_that_of_the_network_alone(data):
    space = SPACES["all"]
    name, again = (space.architecture(RandomChooser(n))["name"] for n in [data.draw(st.integers(0, 99))] * 2)
    assert name == again
    assert len(name) <= 64
    assert re.fullmatch(r"wavenet(-\d+x\d+k\d+g?){1,3}(-[a-z]{4}){1,3}-[0-9a-f]{8}", name)
    per_layer = SPACES["kernels per layer"].architecture(Drawn(data))["name"]
    assert re.fullmatch(r"wavenet(-\d+x\d+k\d+(to\d+)?g?){1,3}(-[a-z]{4}){1,3}-[0-9a-f]{8}", per_layer)


def test_two_networks_have_two_names():
    architectures = [SPACES["all"].architecture(RandomChooser(seed)) for seed in range(3000)]
    shapes = {a["name"]: repr(a["layer_arrays"]) for a in architectures}
    assert len(shapes) == len(set(shapes.values())) > 2900


@settings(max_examples=50)
@given(data=st.data())
def test_a_choice_is_asked_for_only_where_there_is_one(data):
    chosen = Drawn(data)
    architecture = SPACES["all"].architecture(chosen)
    count = chosen.made["arrays"]
    assert len(architecture["layer_arrays"]) == count
    for number in range(1, 4):
        asked = {n.partition(".")[2]: v for n, v in chosen.made.items() if n.startswith(f"array{number}.")}
        if number > count:
            assert not asked
            continue
        assert {"layers", "kernel_size", "activation", "gated", "head_kernel_size"} <= set(asked)
        assert ("width" in asked) == (number > 1)
        assert ("channels" in asked) == (asked.get("width", "free") == "free")
        pattern = asked.get("dilations")
        assert ("cycle" in asked) == (pattern in ("repeated", "spread", "continued"))
        assert ("base" in asked) == (pattern in ("powers", "repeated"))
        assert ("ratio" in asked) == (pattern == "spread")
        assert (pattern is None) == (asked["layers"] == 1) == ("order" not in asked)


def test_the_profile_of_the_plug_in_s_engine_covers_all_but_prelu():
    space = PluginSpace(activations=[a for a in SPACES["all"].activations if a != "PReLU"])
    assert all(
        plugin_cost(build(space.architecture(RandomChooser(n))).architecture()).rtf > 0 for n in range(50)
    )


def test_the_number_of_candidates_by_hand():
    one = {"arrays": [1, 1], "layers": [2, 2], "kernel_size": [3, 3], "gated": [False]}
    space = PluginSpace(
        **one, channels=[1, 4], activations=["Tanh"], head_kernel_sizes=[1], dilations=["powers"]
    )
    # channels; dilations 1, 1 (having given way), 1, 2, 1, 3 and 1, 4, and these three the other way round
    assert space.size == 4 * 7
    assert len(sample(space, 100)) == 4 * 6
    both = PluginSpace(
        **{**one, "arrays": [1, 2]}, channels=[1, 4], activations=["Tanh"], dilations=["powers"]
    )
    assert both.size == 140 + 140**2


def test_an_array_is_as_wide_as_a_share_of_the_one_before():
    for width, channels in {"same": [7, 7, 7], "three-quarters": [7, 6, 5], "half": [7, 4, 2]}.items():
        space = PluginSpace(arrays=[3, 3], channels=[1, 7], layers=[2, 3], widths=[width])
        first = {"array1.channels": 7}
        arrays = space.architecture(MutatingChooser(first, 0, changes=0))["layer_arrays"]
        assert [array["channels"] for array in arrays] == channels
        assert [array["head_size"] for array in arrays] == [*channels[1:], 1]


def test_descending_dilations_are_the_ascending_ones_the_other_way_round():
    shared = {"layers": [9, 9], "dilations": ["spread"], "arrays": [1, 1]}
    one, other = (PluginSpace(**shared, orders=[order]) for order in ("ascending", "descending"))
    for seed in range(20):
        (up,), (down,) = (s.architecture(RandomChooser(seed))["layer_arrays"] for s in (one, other))
        assert up["dilations"][0] == 1
        assert down == {**up, "dilations": up["dilations"][::-1]}


FEATHER = {
    "arrays": 2,
    "array1.layers": 7,
    "array2.layers": 13,
    "array2.dilations": "continued",
    "array2.cycle": 10,
}


class Feather:
    """Chooses the dilations of the plug-in's "feather", and the first that there is of all else."""

    def choice(self, name, options):
        return FEATHER.get(name, options[0])

    def integer(self, name, low, high, log=False):
        return FEATHER.get(name, low)


def test_an_array_goes_on_where_the_one_before_it_ended():
    (first, second) = PluginSpace().architecture(Feather())["layer_arrays"]
    assert first["dilations"] == [1, 2, 4, 8, 16, 32, 64]
    assert second["dilations"] == [128, 256, 512, *first["dilations"], 128, 256, 512]


def test_what_goes_on_gives_way_from_its_far_end():
    near = PluginSpace(max_receptive_field=300).architecture(Feather())["layer_arrays"]
    assert near[0]["dilations"] == [1, 2, 4, 8, 16, 32, 64]
    assert near[1]["dilations"] == [2, 4, 8, 16, 32, 1, 2, 4, 8, 16, 32, 1, 2]  # it starts again after 32


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"arrays": [0, 2]}, r"arrays=\[0, 2\]: give the lowest and the highest, from 1 to 3"),
        ({"channels": [4, 64]}, r"channels=\[4, 64\]: give the lowest and the highest, from 1 to 32"),
        ({"widths": ["double"]}, "widths=.*choose from free, same, three-quarters, half"),
        ({"layers": [5, 4]}, r"layers=\[5, 4\]"),
        ({"kernel_size": [1, 4]}, r"kernel_size=\[1, 4\]"),
        ({"kernel_size": ["a", 4]}, r"kernel_size=\['a', 4\]"),
        ({"activations": ["GELU"]}, "activations=.*choose from Tanh"),
        ({"activations": []}, "activations=.*choose from Tanh"),
        ({"gated": [2]}, "gated=.*choose from False, True"),
        ({"orders": ["sideways"]}, "orders=.*choose from ascending, descending"),
        ({"dilations": ["primes"]}, "dilations=.*choose from powers, repeated, spread, continued"),
        ({"dilations": ["continued"]}, r"dilations=\['continued'\]: the first array has nothing to continue"),
        ({"head_kernel_sizes": [0]}, "head_kernel_sizes=.*choose from 1"),
        ({"max_parameters": 3}, "max_parameters=3 is too low: the other settings need"),
        ({"max_receptive_field": 3}, "max_receptive_field=3 is too low: the other settings need"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(arguments, said):
    with pytest.raises(InputError, match=said) as refused:
        PluginSpace(**arguments)
    assert "\n" not in str(refused.value)


def test_one_number_is_the_lowest_and_the_highest():
    assert PluginSpace(channels=8).channels == (8, 8)
