"""Spaces: how many candidates, which, and what the overview says of them."""

import io

import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf
from rich.console import Console

from voxnas.problems.amp.problem import AmpProblem
from voxnas.search.preview import preview, table
from voxnas.search.space import compose_candidates, expand

SIZES = {"poc": 12, "focused": 25, "conservative": 84, "vst": 9, "batch": 9, "mobile": 9, "smoke": 2}
# Layers, receptive field in samples, latency in ms at 44.1 kHz; kernel 3, dilations 1, 2, 4, …
LATENCIES = [(5, 63, 1.43), (6, 127, 2.88), (7, 255, 5.78), (8, 511, 11.6), (9, 1023, 23.2)]


@pytest.fixture
def candidates(composed):
    """The candidates of a space as the overview gets them."""

    def of(space: str, *overrides: str) -> list:
        config = composed("train", f"space={space}")
        given = [f"space={space}", *overrides]
        return compose_candidates("train", expand(config.hydra.sweeper.params, given))

    return of


def printed(renderable) -> str:
    console = Console(width=140, file=io.StringIO())
    console.print(renderable)
    return console.file.getvalue()


@pytest.mark.parametrize("space", SIZES)
def test_every_space_has_the_candidates_it_says(candidates, space):
    names = [config.name for config in candidates(space)]
    assert len(names) == len(set(names)) == SIZES[space]


def test_the_wide_grid_is_the_product_of_its_three_lists(candidates):
    grid = {(c.model.num_layers, c.model.channels, c.model.kernel_size) for c in candidates("conservative")}
    layers, channels, kernels = range(4, 11), (12, 16, 20, 24, 32, 48), (3, 5)
    assert grid == {(n, c, k) for n in layers for c in channels for k in kernels}


@pytest.mark.parametrize(("layers", "field", "latency_ms"), LATENCIES)
def test_latency_is_what_the_documentation_says(composed, layers, field, latency_ms):
    network = instantiate(composed("train", f"model.num_layers={layers}").model, _convert_="all")
    assert network.receptive_field == field
    assert network.latency_ms(44100) == pytest.approx(latency_ms, rel=0.003)


@pytest.mark.parametrize("space", ["poc", "vst", "mobile"])
def test_nothing_of_these_spaces_is_rejected_for_its_latency(candidates, space):
    assert not [c for c in preview(candidates(space)) if c.rejected and "latency" in c.rejected]


def test_what_a_constraint_rejects_is_shown_with_the_reason(candidates):
    shown = preview(candidates("conservative", "constraints.max_params=30000"))
    reasons = {candidate.name: candidate.rejected for candidate in shown}
    assert reasons["wavenet-l5-c16-k3"] is None
    assert "> max_params 30000" in reasons["wavenet-l7-c48-k3"]
    assert reasons["wavenet-l10-c12-k3"] == "latency 42.65 ms > max_latency_ms 25.0"
    assert "< min_params 5000" in reasons["wavenet-l4-c12-k3"]
    text = printed(table(shown, "conservative", AmpProblem()))
    assert f"{list(reasons.values()).count(None)} of 84 candidates kept" in text
    assert all(reason in text for reason in reasons.values() if reason)


def test_what_cannot_be_built_is_shown_without_figures(candidates):
    good, bad = preview(candidates("smoke", "model.num_layers=2", "model.activation=Tanh,Nonsense"))
    assert (good.name, good.rejected) == ("wavenet-l2-c4-k3_activation-Tanh", None)
    assert (good.shape["receptive_field"], bad.shape) == (7, {})
    assert bad.name == "wavenet-l2-c4-k3_activation-Nonsense"
    assert bad.rejected.startswith("cannot be built:")
    assert "Nonsense" in bad.rejected
    assert "1 of 2 candidates kept" in printed(table([good, bad], "smoke", AmpProblem()))


def test_the_command_line_goes_before_the_space():
    space = {"model.num_layers": "5,6", "model.channels": "16,24"}
    assert expand(space, ["model.channels=8", "seed=1,2"]) == [
        ["model.num_layers=5", "model.channels=8", "seed=1"],
        ["model.num_layers=5", "model.channels=8", "seed=2"],
        ["model.num_layers=6", "model.channels=8", "seed=1"],
        ["model.num_layers=6", "model.channels=8", "seed=2"],
    ]


def test_candidates_are_what_hydra_would_compose_for_each(composed, candidates):
    for config in candidates("smoke", "seed=1,2", "training.optimizer.lr=0.5"):
        values = [f"model.num_layers={config.model.num_layers}", f"seed={config.seed}"]
        alone = composed("train", "space=smoke", "model.channels=4", *values, "training.optimizer.lr=0.5")
        for part in ("model", "training", "constraints", "data"):
            assert config[part] == alone[part]
        assert config.name.endswith(f"_seed-{config.seed}_lr-0.5")


def test_the_script_prints_the_space_and_writes_configs_of_the_kept(run_here, tmp_path, composed):
    done = run_here("space", "space=vst", "constraints.min_params=10000", f"output_dir={tmp_path / 'out'}")
    assert done.code == 0, done.err
    assert "wavenet-l5-c16-k3" in done.out
    written = {path.stem: path for path in (tmp_path / "out").glob("*.yaml")}
    assert f"{len(written)} of 9 candidates kept" in done.out
    assert 0 < len(written) < 9
    assert "wavenet-l5-c16-k3" not in written
    network = instantiate(OmegaConf.create({"model": OmegaConf.load(written["wavenet-l7-c32-k3"])}).model)
    assert (network.receptive_field, network.name) == (255, "wavenet-l7-c32-k3")


def test_the_script_wants_a_space(run_here):
    done = run_here("space")
    assert done.code == 2
    assert done.err.startswith("error: name a space: python src/space.py space=poc")
    assert done.err.count("\n") == 1


def test_the_script_shows_a_sample_of_a_space_too_large_to_list(run_here, tmp_path):
    given = ["space=plugin_phone", "samples=4", "constraints.max_cpu_rtf=1e-9", f"output_dir={tmp_path}"]
    done = run_here("space", *given)
    assert done.code == 0, done.err
    assert "space plugin_phone: 0 of 4 candidates kept" in done.out
    assert "CPU RTF" in done.out
    assert "max_cpu_rtf 1e-09" in done.out
    assert done.out.endswith("distinct candidates; the limits reject 4 of 4 (100%)\n")
    assert not list(tmp_path.glob("*.yaml"))


def test_costs_are_measured_where_they_are_asked_for(candidates):
    plain = preview(candidates("smoke"))
    measured = preview(candidates("smoke"), with_cost=True)
    assert [c.cost for c in plain] == [None, None]
    assert all(c.cost > 0 for c in measured)
    assert "CPU RTF" not in printed(table(plain, "smoke", AmpProblem(), "CPU RTF"))
    assert "CPU RTF" in printed(table(measured, "smoke", AmpProblem(), "CPU RTF"))
    (limited,) = preview(candidates("smoke", "model.num_layers=2", "constraints.max_cpu_rtf=1"))
    assert (limited.rejected, limited.cost) == (None, measured[0].cost)
