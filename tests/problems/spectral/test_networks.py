"""Networks of images: as large as their names say on every set, and the same again from plain values."""

import pytest
import torch
from hydra.utils import instantiate
from scripts import ROOT
from torch import nn

from voxnas.models.build import build
from voxnas.problems.spectral.networks.cnn import CNN
from voxnas.problems.spectral.networks.mlp import ImageMLP
from voxnas.problems.spectral.networks.pooled import PooledFrames
from voxnas.problems.spectral.networks.reading import Reading
from voxnas.problems.spectral.networks.vit import ViT
from voxnas.utils.errors import InputError

# channels, height, width and steps of each knob of the sets that configs/sound makes
SETS = {
    "saw": ((1, 32, 32), (3, 24)),
    "moog_basic": ((1, 32, 32), (6, 11, 19, 10)),
    "moog_envelope": ((1, 32, 64), (3, 4, 5, 9, 7, 7, 15, 7, 10, 7)),
    "moog_resonance": ((1, 48, 48), (3, 4, 6, 9, 10, 17, 17, 17)),
    "rig": ((1, 64, 48), (21, 21, 21)),
    "three channels": ((3, 32, 32), (3, 24)),
}
SIZED = sorted(path.stem for path in (ROOT / "configs/model").glob("*.yaml") if path.stem.endswith("k"))
KINDS = {
    "cnn": CNN(3000),
    "plain cnn": CNN(8000, separable=False),
    "vit": ViT(9000),
    "mlp": ImageMLP(6000),
    "pooled": PooledFrames(6000, frames=3),
}


def reading(name: str, **changed) -> Reading:
    size, heads = SETS[name]
    return Reading(
        *size, **({"levels": (0,), "low": -80.0, "high": 0.0, "spread": 6.0, "heads": heads} | changed)
    )


@pytest.mark.parametrize("of", SETS)
@pytest.mark.parametrize("model", SIZED)
def test_a_name_s_number_is_that_of_the_weights(composed, model, of):
    network = instantiate(composed("train", "problem=spectral", f"model={model}").model, _convert_="all")
    network.follow(reading(of))
    wanted = 1000 * int(model.rpartition("_")[2].removesuffix("k"))
    assert network.name == model
    assert abs(network.num_parameters - wanted) <= 0.1 * wanted
    assert network.num_parameters == sum(p.numel() for p in network.parameters() if p.requires_grad)


def test_the_sizes_that_the_issue_of_small_networks_names_are_there():
    assert {"cnn_2k", "cnn_8k", "cnn_64k", "vit_8k", "vit_25k"} <= set(SIZED)


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_is_the_same_again_from_plain_values(kind):
    network = KINDS[kind]
    network.follow(reading("moog_basic"))
    again = build(network.architecture())
    again.load_state_dict(network.state_dict())
    images, scales = torch.rand(5, 1, 32, 32), torch.randn(5, 2)
    assert network.eval()(images, scales).shape == (5, 46)
    assert torch.equal(again.eval()(images, scales), network(images, scales))


@pytest.mark.parametrize("kind", KINDS)
def test_loudness_changes_the_answer_though_the_image_is_the_same(kind):
    network = KINDS[kind]
    network.follow(reading("moog_basic"))
    image = torch.rand(1, 1, 32, 32)
    soft, loud = (network.eval()(image, torch.tensor([[-80.0 + db, db]])) for db in (-20.0, 0.0))
    assert not torch.allclose(soft, loud)


def test_levels_are_seen_in_db_and_other_channels_as_they_are():
    network = CNN(8000)
    network.follow(reading("three channels", levels=(0, 2), low=-80.0, high=0.0))
    half = torch.full((1, 3, 32, 32), 0.5)
    seen = network.seen(half, torch.tensor([[-40.0, 0.0]]))[0, :, 0, 0]
    assert seen.tolist() == [0.5, 0.0, 0.5]  # -20 dB is half way up from the middle, -40 dB


def test_pooled_frames_do_not_know_their_order():
    network = PooledFrames(6000)
    network.follow(reading("moog_basic"))
    images, scales = torch.rand(2, 1, 32, 32), torch.randn(2, 2)
    shuffled = images[..., torch.randperm(32)]
    assert torch.allclose(network.eval()(images, scales), network(shuffled, scales), atol=1e-5)


def test_multiply_adds_are_those_of_a_count_by_hand():
    network = ImageMLP(3000, depth=1, grid=(4, 4))
    network.follow(reading("saw"))
    linear = [module for module in network.modules() if isinstance(module, nn.Linear)]
    assert network.macs == sum(module.in_features * module.out_features for module in linear)
    cnn = CNN(8000, depth=1, grid=(2, 2))
    cnn.follow(reading("saw"))
    (conv,) = [module for module in cnn.modules() if isinstance(module, nn.Conv2d)]
    heads = [module for module in cnn.head if isinstance(module, nn.Linear)]
    by_hand = 16 * 16 * 9 * conv.out_channels + sum(m.in_features * m.out_features for m in heads)
    assert cnn.macs == by_hand


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: CNN(8000, kernel_size=4), "odd kernel_size"),
        (lambda: CNN(8000, heads="maybe"), "one of steps, value"),
        (lambda: CNN(0), "give a number above 0"),
        (lambda: PooledFrames(8000, frames=2), "odd number of frames"),
        (lambda: ViT(8000, pooling="most"), "one of class, mean"),
        (lambda: CNN(50).follow(reading("moog_envelope")), "the nearest CNN for this data has"),
    ],
)
def test_what_cannot_be_built_is_said(make, words):
    with pytest.raises(InputError, match=words):
        make()
