"""Names of hooks take the short way; everything else is set as ever."""

from torch import nn

from voxnas.training.quick_hooks import QuickHooks


def test_attributes_end_where_they_would_have(monkeypatch) -> None:
    module, layer = QuickHooks(), nn.Linear(1, 1)
    long_way = []
    plain = nn.Module.__setattr__
    monkeypatch.setattr(nn.Module, "__setattr__", lambda *it: (long_way.append(it[1]), plain(*it))[1])
    module._current_fx_name = "training_step"
    module.layer, module.weight, module.note = layer, nn.Parameter(layer.bias), "x"
    assert module._current_fx_name == "training_step"
    assert set(dict(module.named_parameters())) == {"weight", "layer.weight", "layer.bias"}
    assert long_way == ["layer", "weight", "note"]
