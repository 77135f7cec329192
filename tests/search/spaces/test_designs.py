"""Designs in the form of models: the choices that lead to them, and which of several these are."""

import pytest
from hydra.utils import instantiate
from hypothesis import given
from hypothesis import strategies as st

from voxnas.search.spaces.choosers import RandomChooser
from voxnas.search.spaces.designs import KEYS, choices_of
from voxnas.search.spaces.mutation import MutatingChooser, Recorder
from voxnas.search.spaces.plugin import PluginSpace
from voxnas.utils.errors import InputError

A2 = {
    "arrays": 1,
    "array1.layers": 14,
    "array1.dilations": "spread",
    "array1.ratio": 2.3,
    "array1.cycle": 7,
    "array1.kernel_size": 6,
    "array1.order": "ascending",
    "array1.activation": "Tanh",
    "array1.gated": False,
    "array1.head_kernel_size": 16,
}
A2_LEAKY = A2 | {"array1.activation": "LeakyReLU"}
STARTS = {
    "a2_large_kernels": A2_LEAKY | {"array1.layers": 12, "array1.cycle": 6, "array1.kernel_size": 8},
    "a2_leaky": A2_LEAKY,
    "two_arrays_tanh": {
        "arrays": 2,
        "array1.layers": 5,
        "array1.dilations": "spread",
        "array1.ratio": 2.3,
        "array1.cycle": 8,
        "array1.kernel_size": 7,
        "array1.order": "ascending",
        "array1.activation": "Tanh",
        "array1.gated": False,
        "array1.head_kernel_size": 1,
        "array2.width": "half",
        "array2.layers": 8,
        "array2.dilations": "continued",
        "array2.cycle": 8,
        "array2.kernel_size": 5,
        "array2.order": "ascending",
        "array2.activation": "Tanh",
        "array2.gated": False,
        "array2.head_kernel_size": 8,
    },
    "two_arrays_hardtanh": {
        "arrays": 2,
        "array1.layers": 5,
        "array1.dilations": "spread",
        "array1.ratio": 2.3,
        "array1.cycle": 8,
        "array1.kernel_size": 7,
        "array1.order": "ascending",
        "array1.activation": "Hardtanh",
        "array1.gated": False,
        "array1.head_kernel_size": 1,
        "array2.width": "half",
        "array2.layers": 9,
        "array2.dilations": "continued",
        "array2.cycle": 8,
        "array2.kernel_size": 5,
        "array2.order": "ascending",
        "array2.activation": "Hardtanh",
        "array2.gated": False,
        "array2.head_kernel_size": 8,
    },
    "long_memory": {
        "arrays": 2,
        "array1.layers": 5,
        "array1.dilations": "spread",
        "array1.ratio": 2.3,
        "array1.cycle": 8,
        "array1.kernel_size": 7,
        "array1.order": "ascending",
        "array1.activation": "Hardtanh",
        "array1.gated": False,
        "array1.head_kernel_size": 1,
        "array2.width": "half",
        "array2.layers": 8,
        "array2.dilations": "spread",
        "array2.ratio": 3.0,
        "array2.cycle": 8,
        "array2.kernel_size": 5,
        "array2.order": "ascending",
        "array2.activation": "Hardtanh",
        "array2.gated": False,
        "array2.head_kernel_size": 8,
    },
    "a2": A2,
    "a2_light": {
        "arrays": 1,
        "array1.layers": 10,
        "array1.dilations": "spread",
        "array1.ratio": 2.3,
        "array1.cycle": 8,
        "array1.kernel_size": 5,
        "array1.order": "ascending",
        "array1.activation": "Tanh",
        "array1.gated": False,
        "array1.head_kernel_size": 16,
    },
    "a2_hardtanh": {
        "arrays": 1,
        "array1.layers": 13,
        "array1.dilations": "spread",
        "array1.ratio": 2.3,
        "array1.cycle": 8,
        "array1.kernel_size": 5,
        "array1.order": "ascending",
        "array1.activation": "Hardtanh",
        "array1.gated": False,
        "array1.head_kernel_size": 8,
    },
    "feather": {
        "arrays": 2,
        "array1.layers": 7,
        "array1.dilations": "powers",
        "array1.base": 2,
        "array1.order": "ascending",
        "array1.activation": "Tanh",
        "array1.gated": False,
        "array2.width": "half",
        "array2.layers": 13,
        "array2.dilations": "continued",
        "array2.cycle": 10,
        "array2.order": "ascending",
        "array2.activation": "Tanh",
        "array2.gated": False,
    },
    "standard": {
        "arrays": 2,
        "array1.layers": 10,
        "array1.dilations": "powers",
        "array1.base": 2,
        "array1.order": "ascending",
        "array1.activation": "Tanh",
        "array1.gated": False,
        "array2.width": "half",
        "array2.layers": 10,
        "array2.dilations": "powers",
        "array2.base": 2,
        "array2.order": "ascending",
        "array2.activation": "Tanh",
        "array2.gated": False,
    },
}
PLUGIN_SPACES = ["plugin", "plugin_single", "plugin_double", "plugin_phone"]
UNLIMITED = {"max_receptive_field": 10**30, "max_parameters": 10**9}


def starts(composed, *overrides: str) -> list[dict]:
    """What an evolution in a space begins with, as a search has it."""
    return instantiate(composed("train", "search=phase1", *overrides).hydra.sweeper.space).starts


def chosen(*stacks: list[int]) -> dict:
    """The choices of the dilations alone."""
    arrays = [{"channels": None, "dilations": stack, "kernel_size": None} for stack in stacks]
    names = ("dilations", "base", "ratio", "cycle", "order")
    return {name: value for name, value in choices_of(arrays).items() if name.endswith(names)}


@pytest.mark.parametrize("space", PLUGIN_SPACES)
def test_an_evolution_begins_with_the_designs_of_the_plug_in_in_their_order(composed, space):
    assert starts(composed, f"space={space}") == list(STARTS.values())


@pytest.mark.parametrize(
    ("given", "names"), [("[]", []), ("a2", ["a2"]), ("[feather,a2]", ["feather", "a2"])]
)
def test_a_user_names_the_designs_to_begin_with(composed, given, names):
    wanted = [STARTS[name] for name in names]
    assert starts(composed, "space=plugin", f"hydra.sweeper.space.starts={given}") == wanted


def test_a_user_adds_a_design(composed):
    mine = "{layer_arrays:[{channels:8,dilations:[1,4]}]}"
    *others, own = starts(composed, "space=plugin", f"+hydra.sweeper.space.designs.mine={mine}")
    assert others == list(STARTS.values())
    assert (own["array1.channels"], own["array1.base"]) == (8, 4)


@pytest.mark.parametrize("name", STARTS)
def test_the_choices_lead_to_the_design(composed, name):
    space = instantiate(composed("train", "search=phase1", "space=plugin").hydra.sweeper.space)
    design = composed("train", "search=phase1", "space=plugin").hydra.sweeper.space.designs[name]
    made = space.architecture(MutatingChooser(STARTS[name], 0, changes=0))["layer_arrays"]
    assert len(made) == len(design.layer_arrays)
    for array, wanted in zip(made, design.layer_arrays, strict=True):
        said = {key: value for key, value in wanted.items() if value is not None and key != "channels"}
        assert {key: array[key] for key in said} == said
        assert wanted.channels is None or array["channels"] == -(-made[0]["channels"] // 2)


@given(st.integers(0, 10_000), st.booleans())
def test_every_network_of_the_space_is_a_design_that_its_choices_lead_to(seed, kernel_per_layer):
    space = PluginSpace(kernel_per_layer=kernel_per_layer, **UNLIMITED)
    recorder = Recorder(RandomChooser(seed))
    wanted = space.architecture(recorder)
    design = [{key: array[key] for key in KEYS} for array in wanted["layer_arrays"]]
    for array in design:
        if kernel_per_layer and isinstance(array["kernel_size"], int):
            array["kernel_size"] = [array["kernel_size"]] * len(array["dilations"])
    assert space.architecture(MutatingChooser(choices_of(design), 0, changes=0)) == wanted


def test_what_is_missing_is_as_in_a_model_and_null_is_left_to_chance():
    bare, layer = {"channels": None, "dilations": [1, 2]}, {"kernel_size": 3, "activation": "Tanh"}
    own = {"layers": 2, "dilations": "powers", "base": 2, "order": "ascending"}
    own |= {**layer, "gated": False, "head_kernel_size": 1}
    assert choices_of([bare]) == {"arrays": 1, **{f"array1.{name}": value for name, value in own.items()}}
    asked = {"activation": "array1.activation", "gating": "array1.gated", "kernel_size": "array1.kernel_size"}
    for key, name in asked.items():
        assert choices_of([bare]).keys() - choices_of([{**bare, key: None}]).keys() == {name}


def test_channels_are_a_number_or_a_share_of_those_of_the_array_before():
    def widths(channels):
        choices = choices_of([{"channels": c, "dilations": [1, 2]} for c in channels])
        return {name: value for name, value in choices.items() if name.endswith(("channels", "width"))}

    assert widths([None, None]) == {}
    assert widths([8, "half"]) == {"array1.channels": 8, "array2.width": "half"}
    assert widths([8, 4]) == {"array1.channels": 8, "array2.width": "free", "array2.channels": 4}


def test_a_list_of_kernel_sizes_is_for_a_space_with_one_per_layer():
    choices = choices_of([{"channels": 4, "dilations": [1, 2], "kernel_size": [3, 5]}])
    assert {name: size for name, size in choices.items() if "kernel_size" in name} == {
        "array1.layer1.kernel_size": 3,
        "array1.layer2.kernel_size": 5,
        "array1.head_kernel_size": 1,
    }


def test_dilations_are_powers_before_they_are_anything_else():
    powers = {"array1.dilations": "powers", "array1.base": 2, "array1.order": "ascending"}
    assert chosen([1, 2]) == powers  # also repeated, and spread with a ratio of 1.5 or 1.8
    assert chosen([4, 2, 1]) == {**powers, "array1.order": "descending"}
    again = chosen([1, 2, 4], [1, 2, 4])  # the second goes on as well, from the fourth with a cycle of 3
    assert again["array2.dilations"] == "powers"
    assert chosen([1]) == {}


def test_dilations_that_start_again_are_repeated_and_those_that_go_on_are_continued():
    assert chosen([1, 3, 1])["array1.dilations"] == "repeated"
    going_on = chosen([1, 2, 4], [8, 1, 2])
    assert (going_on["array2.dilations"], going_on["array2.cycle"]) == ("continued", 4)
    spread = chosen([1, 3], [10, 31])  # which powers of 3 do not lead to
    assert (spread["array1.dilations"], spread["array1.ratio"]) == ("spread", 3.0)


def test_a_cycle_that_does_not_show_is_the_next_array_s_where_that_is_long_enough_else_the_shortest():
    prime = [1, 3, 7, 17, 40, 97]
    assert chosen(prime[:4])["array1.cycle"] == 4
    assert chosen(prime[:4], [40, 97, 1])["array1.cycle"] == 6
    assert chosen(prime[:4], [1, 3, 1])["array1.cycle"] == 4
    assert chosen([1, 3, 7, 1], [1, 3, 7, 17, 1])["array1.cycle"] == 3  # it shows


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ([], "0 layer arrays: give 1 to 3"),
        ([{"channels": 4}], "dilations is missing"),
        ([{"dilations": [1, 2]}], "channels is missing"),
        (
            [{"channels": 4, "dilations": [1, 2], "bottleneck": 2}],
            "bottleneck is nothing that the space chooses",
        ),
        ([{"channels": 4, "dilations": []}], "0 dilations: give 1 to 64"),
        (
            [{"channels": 4, "dilations": [1, 2, 6]}],
            r"dilations \[1, 2, 6\]: there is no way",
        ),
        ([{"channels": 4, "dilations": [8, 1, 2]}], r"dilations \[8, 1, 2\]:"),  # with nothing to continue
        ([{"channels": 4, "dilations": 3}], "'int' object is not iterable"),
        ([{"channels": 64, "dilations": [1, 2]}], "channels=64: give a number from 1 to 32, null$"),
        ([{"channels": "half", "dilations": [1, 2]}], "channels=half: give a number"),
        (
            [{"channels": 4, "dilations": [1, 2]}, {"channels": "third", "dilations": [1, 2]}],
            "or one of free",
        ),
        ([{"channels": 4, "dilations": [1, 2], "kernel_size": 1}], r"kernel_size=\[1, 1\]: give 2 to 16"),
        (
            [{"channels": 4, "dilations": [1, 2], "kernel_size": [3]}],
            "kernel_size has 1 entries for 2 layers",
        ),
        (
            [{"channels": 4, "dilations": [1, 2], "activation": "Hardswish"}],
            "activation=Hardswish: .*of Tanh",
        ),
        ([{"channels": 4, "dilations": [1, 2], "activation": ["Tanh", "ReLU"]}], "give one for all layers"),
        ([{"channels": 4, "dilations": [1, 2], "gating": "blended"}], "gating=blended: .*of none, gated"),
        ([{"channels": 4, "dilations": [1, 2], "head_kernel_size": 20}], "head_kernel_size=20"),
    ],
)
def test_a_design_that_no_choices_lead_to_is_refused_in_one_line(arrays, said):
    with pytest.raises(InputError, match=f"^design mine: .*{said}") as refused:
        PluginSpace(designs={"mine": {"layer_arrays": arrays}})
    assert "\n" not in str(refused.value)


def test_a_start_without_a_design_is_refused_in_one_line():
    with pytest.raises(InputError, match=r"starts: there is no design b; choose from a$"):
        PluginSpace(designs={"a": {"layer_arrays": []}}, starts=["b"])
