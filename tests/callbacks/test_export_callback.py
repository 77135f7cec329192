"""The files that a finished run leaves for plug-ins."""

import json

import pytest
import torch

from voxnas.callbacks.export import Export
from voxnas.export.load import load_model


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
    finished.end_with(Export(formats=["nam"], metadata={"gear_make": "Acme"}))
    metadata = json.loads((finished.folder / "amp.nam").read_text())["metadata"]
    assert (metadata["name"], metadata["gear_make"]) == ("amp", "Acme")
    assert metadata["training"]["validation_esr"] == 0.25
    assert isinstance(metadata["loudness"], float)
    assert 0 <= metadata["gain"] <= 1


def test_what_is_too_slow_for_this_cpu_is_left_out_unless_wanted(finished):
    finished.record.cpu_realtime_capable = False
    assert finished.end_with(Export()).exports == {}
    assert not (finished.folder / "amp.nam").exists()
    assert finished.end_with(Export(only_realtime=False)).exports


def test_a_header_is_written_where_it_is_wanted(finished):
    record = finished.end_with(Export(formats=["header"]))
    assert record.exports == {"header": "amp.h"}
    assert "namespace amp_model {" in (finished.folder / "amp.h").read_text()
