"""The files that a finished run leaves for plug-ins."""

import json

import pytest
import torch

from voxnas.callbacks.export import Export
from voxnas.export.load import load_model
from voxnas.models.controls import Control
from voxnas.models.recurrent import LSTM
from voxnas.problems.amp.losses import WeightedLoss
from voxnas.problems.amp.module import AmpModule
from voxnas.records.record import measured
from voxnas.training.schedules import Cosine
from voxnas.utils.errors import InputError

EVERY_FORMAT = ["nam", "json", "rtneural", "aidax", "proteus"]


@pytest.mark.parametrize("capable", [True, None])
def test_both_formats_hold_the_network(finished, capable):
    finished.record.cpu_realtime_capable = capable
    record = finished.end_with(Export())
    assert record.exports == {"nam": "amp.nam", "json": "model.json"}
    x = torch.randn(1, 1, 200)
    for file in record.exports.values():
        model = load_model(finished.folder / file)
        assert model.sample_rate == 8000
        torch.testing.assert_close(model.network(x), finished.module(x), rtol=0, atol=1e-5)


def test_the_player_sees_what_the_run_and_the_user_say(finished):
    finished.end_with(Export(formats=["nam"], metadata={"gear_make": "Acme", "name": None}))
    metadata = json.loads((finished.folder / "amp.nam").read_text())["metadata"]
    assert (metadata["name"], metadata["gear_make"]) == ("amp", "Acme")
    assert metadata["training"]["validation_esr"] == 0.25
    assert isinstance(metadata["loudness"], float)
    assert 0 <= metadata["gain"] <= 1


def test_what_is_too_slow_for_this_cpu_is_left_out_unless_wanted(finished):
    finished.record.cost = measured({"cpu_realtime_capable": False})
    assert finished.end_with(Export()).exports == {}
    assert not (finished.folder / "amp.nam").exists()
    assert finished.end_with(Export(only_realtime=False)).exports


def test_a_header_is_written_where_it_is_wanted(finished):
    record = finished.end_with(Export(formats=["header"]))
    assert record.exports == {"header": "amp.h"}
    assert "namespace amp_model {" in (finished.folder / "amp.h").read_text()


def test_a_format_that_cannot_hold_the_network_is_left_out_with_one_line(finished, caplog):
    record = finished.end_with(Export(formats=EVERY_FORMAT))
    assert set(record.exports) == {"nam", "json"}
    assert len(caplog.messages) == 3
    assert "RTNeural runs layers one after the other" in caplog.messages[0]
    assert not any("\n" in line for line in caplog.messages)
    assert not list(finished.folder.glob("*.*.json"))


def test_formats_of_recurrent_networks_go_by_the_candidate(finished):
    network = LSTM(40, skip=True, warm_up=10)
    optimizer = torch.optim.Adam
    finished.module = AmpModule(network, WeightedLoss(esr=1.0), optimizer, Cosine(), sample_rate=8000)
    record = finished.end_with(Export(formats=["aidax", "proteus", "rtneural"]))
    assert record.exports == {"aidax": "amp.aidax.json", "proteus": "amp.proteus.json"}
    for file in record.exports.values():
        network = load_model(finished.folder / file).network
        assert torch.equal(network.units.weight_hh_l0, finished.module.network.units.weight_hh_l0)


def test_an_unknown_format_is_refused_before_anything_is_trained():
    with pytest.raises(InputError, match="format=exe is unknown; use one of nam, json, rtneural"):
        Export(formats=["nam", "exe"])


def test_what_is_wrong_with_the_network_itself_is_an_error(finished):
    with torch.no_grad():
        next(finished.module.network.parameters()).fill_(torch.nan)
    with pytest.raises(InputError, match="NaN"):
        finished.end_with(Export(formats=["json"]))


def test_a_format_without_knobs_gets_the_network_with_its_controls_at_rest(finished):
    finished.module.network.follow([Control("drive", 0, 10, default=2)])
    torch.nn.init.normal_(finished.module.network.control_mix.weight)
    record = finished.end_with(Export())
    plain, whole = (load_model(finished.folder / record.exports[kind]).network for kind in ("nam", "json"))
    assert not plain.controls
    assert whole.controls[0].at_rest == 2
    x = torch.randn(1, 1, 200)
    torch.testing.assert_close(plain(x), whole(x, whole.setting({"drive": 2})), rtol=0, atol=1e-5)
