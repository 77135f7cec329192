"""The row of TensorBoard's HParams table, read back as TensorBoard does."""

from hydra.utils import instantiate
from omegaconf import OmegaConf
from scripts import ROOT

from voxnas.callbacks.hparams import HParams
from voxnas.problems.amp.measures.preview import Preview
from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.record import measured


def hparams() -> HParams:
    """As candidates have it."""
    config = OmegaConf.load(ROOT / "configs/callbacks/default.yaml").hparams
    return instantiate(config, problem=AmpProblem())


def test_tensorboard_reads_what_the_candidate_is_and_how_it_did(finished):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    finished.record.shape["num_layers"] = 3
    finished.record.settings = {"training.optimizer.lr": 0.5}
    finished.record.shape["latency_ms"] = 1.875
    finished.record.cost = measured({"cpu_rtf": 0.125})
    finished.end_with(Preview(0.1))
    finished.end_with(hparams())
    finished.logger.finalize("success")
    events = EventAccumulator(str(finished.folder / "tensorboard")).Reload()
    assert set(events.Tags()["audio"]) == {"preview/dry", "preview/target", "preview/model"}
    for metric, value in (("best_val_loss", 0.25), ("latency_ms", 1.875), ("cpu_rtf", 0.125)):
        assert [event.value for event in events.Scalars(metric)] == [value]
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    params = HParamsPluginData.FromString(content).session_start_info.hparams
    assert params["candidate"].string_value == "amp"
    assert params["num_layers"].number_value == 3
    assert params["training.optimizer.lr"].number_value == 0.5
    assert params["status"].string_value == "ok"


def test_a_run_that_was_rejected_has_a_row_with_the_reason(finished):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    record = finished.record
    record.status, record.reason, record.score = "rejected", "latency", None
    record.shape["parameters"] = 12
    hparams().on_unfinished(record, [finished.logger])
    events = EventAccumulator(str(finished.folder / "tensorboard")).Reload()
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    params = HParamsPluginData.FromString(content).session_start_info.hparams
    assert (params["status"].string_value, params["reason"].string_value) == ("rejected", "latency")
    assert [event.value for event in events.Scalars("parameters")] == [12]
