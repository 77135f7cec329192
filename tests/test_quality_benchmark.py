"""What benchmarks/quality.py compares: the same network on either side, and the ratio of the ESRs."""

import io
import sys
from pathlib import Path

import pytest
import quality
from omegaconf import OmegaConf
from rich.console import Console

from voxnas.models.layer_array import LayerArray
from voxnas.problems.amp.problem import AmpProblem

sys.path.insert(0, str(Path(quality.__file__).parent / "peer"))
import networks


def row(ours, peer):
    """One figure per seed of ours, the peer's one."""
    sides = {"score": ours, "test_esr": ours}, peer and {"score": peer, "test_esr": peer}
    return dict(zip(("ours", "peer"), sides, strict=True))


ROWS = {
    "amp/a2_lite/100": row([0.1, 0.3], 0.8),
    "pedal/a2_lite/100": row([0.1], 0.1),
    "other/nano/100": row([0.1], None),
}


@pytest.mark.parametrize("name", AmpProblem.presets)
def test_both_sides_train_the_same_network(name):
    arrays = OmegaConf.to_container(OmegaConf.load(quality.ROOT / f"configs/model/{name}.yaml"))[
        "layer_arrays"
    ]
    peers = networks.wavenet(name)["config"]["layers_configs"]
    assert len(arrays) == len(peers)
    for array, peer in zip(arrays, peers, strict=True):
        shape = LayerArray.of(**array)
        sizes = peer.get("kernel_sizes") or [peer["kernel_size"]] * len(peer["dilations"])
        assert (shape.channels, list(shape.dilations)) == (peer["channels"], peer["dilations"])
        assert list(shape.kernel_sizes) == sizes
        assert set(shape.activations) == {peer["activation"]}
        assert shape.head_kernel_size == peer["head"]["kernel_size"]


def test_the_table_has_the_geometric_mean_of_what_both_sides_trained():
    out = io.StringIO()
    Console(file=out, width=160).print(quality.table(ROWS))
    lines = out.getvalue().splitlines()
    lite, nano = (line for line in lines if "geometric mean" in line)
    assert [cell.strip() for cell in lite.split("│")[2:-1]] == ["a2_lite", "", "", "", "0.50", "", "", "0.50"]
    assert nano.count("–") == 2


def test_the_table_becomes_a_page_that_says_how_it_came(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["/somewhere/quality.py", "/data/di.flac", "--jobs", "2"])
    quality.show(ROWS, tmp_path / "docs/a2.md")
    title, _, caption, _, head, rule, *rows = (tmp_path / "docs/a2.md").read_text().splitlines()
    assert title.startswith("# Same network, equal epochs")
    assert caption.startswith("`python benchmarks/quality.py di.flac --jobs 2`, ")
    assert head.count("|") == rule.count("|") == rows[0].count("|") == 10
    assert rows[0].startswith("| amp | a2_lite | 100 | 0.2 ± 0.14 | 0.8 | 0.25 |")
