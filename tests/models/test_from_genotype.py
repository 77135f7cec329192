"""A genotype's file is a model like any other: trained, recorded, exported, played, swept over."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voxnas.engine.torch_engine import TorchEngine
from voxnas.export.load import load_model
from voxnas.models.cells import net
from voxnas.models.cells.net import CellNet
from voxnas.models.from_genotype import from_genotype, network_of
from voxnas.models.genotype import CellGenotype, Edge, LayerChoice, WaveNetGenotype, as_values, write_genotype
from voxnas.models.wavenet import WaveNet
from voxnas.records.record import Record
from voxnas.utils.errors import InputError
from voxnas.utils.names import genotype_name

NODE = (Edge("skip_connect", 0), Edge("conv_bn_relu_3", 1))
CELLS = CellGenotype((NODE,), (NODE,), (1, 2, 4), init_channels=2, fanout_concat=1)
LAYERS = (LayerChoice(3, 1, "Tanh", True), LayerChoice(6, 5, "ReLU", False))
WAVENET = WaveNetGenotype(4, LAYERS, head_kernel_size=2, head_scale=0.1)


def test_a_wavenet_has_the_layers_that_were_chosen():
    network = network_of(WAVENET)
    assert isinstance(network, WaveNet)
    (array,) = network.shapes
    assert (array.channels, list(array.dilations), list(array.kernel_sizes)) == (4, [1, 5], [3, 6])
    assert (list(array.activations), list(array.gating)) == (["Tanh", "ReLU"], ["gated", "none"])
    assert (network.head_scale, network.receptive_field) == (0.1, 1 + 2 + 25 + 1)


def test_cells_are_a_network_of_cells(tmp_path: Path):
    network = from_genotype(write_genotype(CELLS, tmp_path / "genotype.json"))
    assert isinstance(network, CellNet)
    assert network.genotype == CELLS


def test_a_name_says_what_it_is_and_is_another_for_another_genotype():
    names = {network_of(g).name for g in (CELLS, replace(CELLS, dilations=(1, 2, 5)), WAVENET)}
    assert len(names) == 3
    assert network_of(CELLS).name == network_of(CELLS).name == CellNet(CELLS).name
    assert network_of(CELLS).name.startswith("darts-cells-l3-c2-")
    assert network_of(WAVENET).name.startswith("darts-wavenet-l2-c4-")
    assert network_of(CELLS, name="mine").name == "mine"


@pytest.mark.parametrize(
    "values", [{}, {"kind": "trees"}, {"kind": "cells", "dilations": 3}, [], {"kind": []}]
)
def test_what_has_no_name_is_refused(values):
    with pytest.raises(InputError, match="not a genotype"):
        genotype_name(values)


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", '{"kind": "trees"}', '{"kind": "cells", "dilations": []}']
)
def test_a_file_that_is_none_is_refused_in_one_line(run_here, tiny_pair, tmp_path: Path, text: str | None):
    path = tmp_path / "genotype.json"
    if text is not None:
        path.write_text(text)
    done = run_here("train", "model=genotype", f"genotype={path}", *tiny_pair)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "genotype.json: " in done.err
    done = run_here("train", "model=genotype", *tiny_pair)
    assert (done.code, done.err) == (2, "error: genotype is missing: give genotype=PATH\n")


@pytest.mark.parametrize("late", [0, 3])
def test_cells_are_trained_recorded_benchmarked_and_rendered_in_place(
    run_here, log_dir: Path, tiny_pair: list[str], tmp_path: Path, late: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(net, "delay_samples", lambda parts: late)  # as if it had to wait for what it answers
    path = write_genotype(CELLS, tmp_path / "genotype.json")
    short = ["trainer.max_epochs=12", "callbacks.benchmark.blocks=20", f"hydra.run.dir={log_dir}/run"]
    done = run_here("train", "model=genotype", f"genotype={path}", *tiny_pair, *short)
    assert done.code == 0, done.err
    record, network = Record.read(log_dir / "run"), CellNet(CELLS)
    assert (record.status, record.candidate.partition("_")[0]) == ("ok", network.name)
    assert record.architecture["genotype"] == json.loads(json.dumps(as_values(CELLS)))
    shape = record.shape
    assert shape["parameters"] == network.num_parameters
    assert shape["macs_per_sample"] == network.macs_per_sample
    assert (shape["delay_samples"], shape["latency_ms"]) == (late, pytest.approx(network.latency_ms(8000)))
    assert shape["latency_ms"] == (network.receptive_field + late) / 8
    assert record.exports == {"json": "model.json"}  # no .nam, which cannot hold it
    assert record.score is not None
    assert record.score < 0.5

    dry, wet = tiny_pair[1].removeprefix("data.input="), tmp_path / "wet.wav"
    assert run_here("benchmark", f"model={log_dir}/run", "blocks=20", "block_sizes=[64]").code == 0
    assert run_here("render", f"model={log_dir}/run", f"input={dry}", f"output={wet}").code == 0
    played = TorchEngine(load_model(log_dir / "run").network).process(soundfile.read(dry, dtype="float32")[0])
    rendered = soundfile.read(wet, dtype="float32")[0]
    np.testing.assert_allclose(rendered[: len(played) - late], played[late:], atol=1e-5)

    figures = ["section=2.625:3", "delay=0", f"json={tmp_path / 'figures.json'}"]
    target = tiny_pair[2].replace("data.", "")
    assert run_here("eval", f"model={log_dir}/run", f"input={dry}", target, *figures).code == 0
    esr = json.loads((tmp_path / "figures.json").read_text())["esr"]
    assert esr == pytest.approx(
        record.metrics["test_esr"], rel=0.05
    )  # which has the section's start at another phase
    preview = soundfile.read(log_dir / "run/preview/dry.wav", dtype="float32")[0]
    np.testing.assert_allclose(preview, soundfile.read(dry, dtype="float32")[0][-len(preview) :], atol=1e-4)


@pytest.mark.slow
def test_genotypes_of_both_kinds_are_swept_over_and_compared(
    run_here, log_dir: Path, tiny_pair: list[str], tmp_path: Path
):
    files = [write_genotype(g, tmp_path / f"{n}.json") for n, g in enumerate((CELLS, WAVENET))]
    given = ["-m", "model=genotype", f"genotype={files[0]},{files[1]}", "search=phase1", "study=mine"]
    done = run_here("train", *given, *tiny_pair, "trainer.max_epochs=2", "callbacks.benchmark.blocks=20")
    assert done.code == 0, done.err
    runs = sorted((log_dir / "nas/mine/phase1").glob("*/record.json"))
    assert [path.parent.name.partition("_")[0] for path in runs] == sorted(
        network_of(g).name for g in (CELLS, WAVENET)
    )
    assert set(Record.read(runs[1]).exports) == {"nam", "json"}
    assert run_here("promote", "study=mine", "keep=2").code == 0
    assert run_here("report", "study=mine").code == 0
    rows = (log_dir / "nas/mine/report/all_results.csv").read_text().splitlines()
    assert len(rows) == 3
