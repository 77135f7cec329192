"""Which setting to record next: where models of the same recordings differ most."""

import json
from itertools import combinations

import numpy as np
import pytest
import soundfile
import torch

from voxnas.export.record_json import write_record_json
from voxnas.models.controls import Control, encode
from voxnas.models.wavenet import WaveNet, stack
from voxnas.problems.amp.disagreement import candidates, disagreement, propose
from voxnas.problems.amp.tools.next_setting import next_setting
from voxnas.records.record import Record
from voxnas.utils.errors import InputError

RATE = 8000
CONTROLS = (Control("drive", 0, 10), Control("mode", options=("clean", "lead")))
DRY = (0.2 * np.random.default_rng(0).standard_normal(2 * RATE)).astype(np.float32)


def network(seed: int, followed: tuple[Control, ...] = CONTROLS) -> WaveNet:
    """Networks of all seeds agree at drive 0 on the clean channel, and the less the further from there."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = stack(3, 3, head_scale=0.5)
        made.follow(followed)
        torch.manual_seed(seed)
        if made.control_mix is not None:
            torch.nn.init.normal_(made.control_mix.weight, std=0.1)
        return made.eval()


@pytest.fixture
def study(tmp_path):
    for seed in (1, 2, 3):
        folder = tmp_path / "nas" / "mine" / f"nano_seed-{seed}"
        folder.mkdir(parents=True)
        write_record_json(network(seed), folder / "model.json", RATE)
        record = Record(f"nano_seed-{seed}", "mine", "train", "ok", "x", score=0.01 * seed)
        record.shape = {"sample_rate": RATE}
        record.data = {"input": str(tmp_path / "dry.wav")}
        record.write(folder)
    soundfile.write(tmp_path / "dry.wav", DRY, RATE, subtype="FLOAT")
    return tmp_path


def test_candidates_are_spread_over_the_panel_with_its_corners():
    found = candidates(CONTROLS, 64)
    assert {"drive": 0, "mode": "clean"} in found
    assert {"drive": 10, "mode": "lead"} in found
    assert len({tuple(setting.values()) for setting in found}) == len(found)
    drives = np.sort([setting["drive"] for setting in found])
    assert np.diff(drives).max() < 1


def test_models_agree_where_nothing_sets_them_apart():
    found = disagreement([network(1), network(2)], DRY, [{"drive": 0}, {"drive": 5}, {"drive": 10}])
    assert found[0] < 1e-9
    assert 0 < found[1] < found[2]


def test_proposals_are_far_from_where_they_agree_and_from_each_other():
    proposals = propose([network(seed) for seed in (1, 2, 3)], DRY, count=3, tried=32)
    assert proposals[0].setting["drive"] > 7
    places = [encode(CONTROLS, proposal.setting) for proposal in proposals]
    assert min(np.hypot(*np.subtract(a, b)) for a, b in combinations(places, 2)) > 0.1


def test_what_is_recorded_is_not_proposed_again():
    networks = [network(seed) for seed in (1, 2, 3)]
    first = propose(networks, DRY[:4000], tried=16)[0].setting
    others = propose(networks, DRY[:4000], count=3, tried=16, recorded=[first])
    assert first not in [proposal.setting for proposal in others]


def test_a_study_says_what_to_record_next(study, capsys):
    next_setting("mine", log_dir=str(study), count=2, seconds=0.5, tried=16, json=str(study / "next.json"))
    said = capsys.readouterr().out
    assert "3 models differ most" in said
    proposals = json.loads((study / "next.json").read_text())["proposals"]
    assert len(proposals) == 2
    assert proposals[0]["disagreement"] > 0
    assert proposals[0]["setting"]["mode"] in ("clean", "lead")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"study": None}, "either study=NAME or results=PATH"),
        ({"study": "other"}, "no such study"),
        ({"study": "mine", "ensemble": 1}, r"there is one: train some of other seeds"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_line(study, given, message):
    with pytest.raises(InputError, match=message):
        next_setting(**given, log_dir=str(study))


def test_models_without_knobs_or_with_others_are_named(study):
    folder = study / "nas" / "mine" / "nano_seed-2"
    for followed, message in (((), "follows no knobs"), (CONTROLS[:1], "has other knobs than")):
        write_record_json(network(1, followed), folder / "model.json", RATE)
        with pytest.raises(InputError, match=rf"nano_seed-2: {message}"):
            next_setting("mine", log_dir=str(study))
