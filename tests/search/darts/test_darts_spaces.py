"""Settings of a differentiable search make spaces, or one clear line."""

import pytest

from voxnas.models.cells.sizes import SIZES
from voxnas.search.darts.spaces import LONGEST_DILATION, darts_wavenet, default_bases, size_of
from voxnas.utils.errors import InputError


def test_presets_may_be_changed_in_part_and_do_without_when_all_is_said():
    assert size_of("s") == SIZES["s"]
    changed = size_of("m", layers=5, init_channels=8)
    assert (changed.layers, changed.init_channels, changed.nodes) == (5, 8, SIZES["m"].nodes)
    own = size_of(None, 3, 4, 2, 2, 1)
    assert (own.nodes, own.layers, own.init_channels, own.channel_multiplier, own.fanout_concat) == (
        *(3, 4, 2, 2, 1),
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"model_size": "huge"}, "unknown nas_model_size 'huge'; one of s, m, l, xl, xxl"),
        ({"model_size": "s", "layers": 2}, "nas_layers=2: layers are 3 or more"),
        ({"model_size": "s", "fanout_concat": 5}, "nas_fanout_concat=5 is larger than the 4 nodes"),
        ({"model_size": "s", "init_channels": 0}, "nas_init_channels=0: give a whole number from 1"),
        ({"model_size": None, "layers": 4}, "nas_nodes_per_layer=null: give it, or a nas_model_size"),
    ],
)
def test_sizes_that_cannot_be_are_refused(given, says):
    with pytest.raises(InputError) as error:
        size_of(**given)
    assert says in str(error.value)


@pytest.mark.parametrize("size", SIZES)
def test_every_size_is_a_space_of_wavenets_that_grows_with_it(size):
    s = SIZES[size]
    net = darts_wavenet(s, [2, 3, 5], ["Tanh", "SiLU"])
    assert (len(net.options.bases), net.channels) == (s.layers, s.init_channels * s.channel_multiplier)
    assert max(net.options.bases) * max(net.options.multiples) <= LONGEST_DILATION
    assert net.receptive_field < 12_000


def test_bases_double_and_begin_again():
    assert default_bases(8, 64) == [1, 2, 4, 1, 2, 4, 1, 2]
    assert default_bases(3, 512) == [1, 1, 1]
