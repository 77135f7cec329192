"""Records of the first edition: what they say is read as records of today say it."""

import json

import pytest

from voxnas.records.collect import collect
from voxnas.records.record import Record

# As it was written by a run of the first edition, but for the length of its lists
RUN = json.loads("""
{
  "candidate": "wavenet-l2-c4-k3", "study": "demo-smoke", "rung": "phase1", "status": "ok",
  "identity": "6a630bd6ad438fea", "reason": null,
  "best_val_loss": 0.8329698443412781, "best_train_loss": 0.9069374799728394, "best_epoch": 1, "epochs": 2,
  "test_esr": 0.7567399740219116, "test_mrstft": 2.2623066902160645, "asr": 7.581089721260516e-09,
  "num_layers": 2, "channels": 4, "kernel_size": 3, "causal": true, "receptive_field": 7,
  "latency_ms": 0.14583333333333334, "delay_samples": 0, "parameters": 161, "macs_per_sample": 144,
  "cpu_mean_ms": 0.004068747525067016, "cpu_median_ms": 0.0037220000024262845,
  "cpu_p99_ms": 0.010776050010008476, "cpu_max_ms": null,
  "cpu_rtf": 0.00034893750022746417, "cpu_realtime_capable": true, "block_size": 512, "engine": "native",
  "aliasing": [{"hz": 83.95102856666944, "asr": 1e-14}],
  "benchmarks": [{"block_size": 512, "engine": "native", "rtf": 0.00034893750022746417},
                 {"block_size": 64, "engine": "native", "rtf": 0.0005}],
  "cost": {"cpu_rtf": 0.0004, "block_size": 64, "sample_rate": 48000, "engine": "auto"},
  "train_seconds": 0.4, "sample_rate": 48000, "seed": 0,
  "exports": {"nam": "wavenet-l2-c4-k3.nam"}, "previews": {},
  "history": [{"epoch": 0, "val_esr": "inf", "seconds": 0.3, "train_loss": 0.99},
              {"epoch": 1, "val_esr": 0.8329698443412781, "seconds": 0.1, "train_loss": 0.9}],
  "architecture": {"type": "WaveNet"}, "search": {}, "settings": {"data.seconds": 20},
  "data": {"fingerprint": "7041", "sections": {"train": [0, 672000]}}, "machine": {"cores": 2},
  "versions": {"torch": "2.13.0"}, "git_revision": "a906a96f1aa4", "cuts": 0, "epochs_at_start": 0,
  "created": "2026-11-27T07:15:10+00:00", "finished": "2026-11-27T07:15:22+00:00", "schema_version": 1
}
""")
SEARCH = json.loads("""
{
  "candidate": "darts_wavenet-m-Compute_seed-0", "study": "darts1", "status": "ok",
  "identity": "d12e922cd063b514", "reason": null, "space": "darts_wavenet", "seed": 0,
  "best_val_loss": 0.29235583543777466, "best_epoch": 33, "epochs": 40, "seconds": 3.403543132000152,
  "cost_unit": "multiply-adds per sample", "largest_cost": 1056.0,
  "settings": {"nas_model_size": "m", "nas_drawn": ["layer", "kernel"]},
  "history": [{"epoch": 0, "val_esr": 0.9956809282302856, "weights_loss": 0.9997145533561707,
               "expected_cost": 411.44, "entropy": 0.8, "seconds": 0.28}],
  "genotype": {"kind": "wavenet", "channels": 3, "layers": []}, "data": {"fingerprint": "7041"},
  "machine": {}, "versions": {}, "created": "2026-11-27T07:15:10+00:00", "finished": null,
  "schema_version": 1
}
""")


@pytest.fixture
def run(tmp_path) -> Record:
    (tmp_path / "record.json").write_text(json.dumps(RUN))
    return Record.read(tmp_path)


def test_what_every_run_has_is_where_it_was(run):
    same = set(RUN) & {"candidate", "rung", "status", "identity", "epochs", "seed", "exports", "settings"}
    same |= {"best_epoch", "best_train_loss", "train_seconds", "architecture", "data", "machine", "created"}
    assert {name: getattr(run, name) for name in same} == {name: RUN[name] for name in same}
    assert (run.problem, run.kind, run.maximise, run.schema_version) == ("amp", "candidate", False, 1)


def test_every_figure_has_its_value_by_the_name_that_it_had(run):
    figures = ("test_esr", "test_mrstft", "asr", "num_layers", "channels", "kernel_size", "causal")
    figures += ("receptive_field", "latency_ms", "delay_samples", "parameters", "macs_per_sample")
    figures += ("sample_rate", "cpu_mean_ms", "cpu_p99_ms", "cpu_max_ms", "cpu_rtf", "cpu_realtime_capable")
    assert {name: run.value(name) for name in figures} == {name: RUN[name] for name in figures}
    assert (run.score, run.loss) == (RUN["best_val_loss"], RUN["best_val_loss"])


def test_costs_have_what_they_were_measured_under(run):
    assert run.cost["cpu_rtf"] == {"value": RUN["cpu_rtf"], "engine": "native", "block_size": 512}
    assert "cpu_max_ms" not in run.cost
    assert run.estimate == RUN["cost"]
    assert run.details == {"aliasing": RUN["aliasing"], "benchmarks": RUN["benchmarks"]}


def test_the_history_has_scores(run):
    assert [epoch["score"] for epoch in run.history] == [float("inf"), RUN["best_val_loss"]]
    assert run.history[1] == {"epoch": 1, "score": RUN["best_val_loss"], "seconds": 0.1, "train_loss": 0.9}


def test_a_differentiable_search_is_a_record_of_its_kind(tmp_path):
    (tmp_path / "search.json").write_text(json.dumps(SEARCH))
    found = Record.read(tmp_path / "search.json")
    assert (found.kind, found.rung, found.candidate) == ("search", "darts", SEARCH["candidate"])
    assert (found.score, found.best_epoch, found.train_seconds) == (
        SEARCH["best_val_loss"],
        33,
        SEARCH["seconds"],
    )
    shared = ("space", "cost_unit", "largest_cost", "genotype")
    assert found.search == {"by": "darts"} | {name: SEARCH[name] for name in shared}
    assert found.settings == SEARCH["settings"]
    assert found.history[0]["score"] == SEARCH["history"][0]["val_esr"]
    assert found.history[0]["expected_cost"] == 411.44


def test_old_and_new_records_are_rows_of_one_table(tmp_path, run):
    (tmp_path / "new").mkdir()
    run.schema_version, run.candidate = 2, "the same in the new edition"
    run.write(tmp_path / "new")
    new, old = collect(tmp_path).to_dict("records")
    differing = {name for name in {*new, *old} if repr(new.get(name)) != repr(old.get(name))}
    assert differing == {"candidate", "folder", "schema_version"}


def test_written_again_in_the_new_edition_it_says_the_same(tmp_path, run):
    run.schema_version = 2
    run.write(tmp_path)
    assert repr(Record.read(tmp_path)) == repr(run)
