"""The short targets of make: each is there, is listed, and does what its name says."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from scripts import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
OF_SETS = "sds sdl sdma sdr sdrl ddr dds ddl"
OF_TRAINING = (
    "ex etms etts etml ettl etall evitms evitts evitall "
    "emb eme emr emall emvitb emvite emvitr emvitgta er tr trq trs trl ae"
)
OF_OTHERS = "t ta td tds tdl c dc cl f tb lc h"


def commands(tmp_path, *arguments: str) -> list[list[str]]:
    """The arguments of every script that make would run, in place of running it."""
    record = tmp_path / "record.py"
    record.write_text(
        f"import json, sys; open({str(tmp_path / 'log')!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')"
    )
    make = ["make", "--silent", "--old-file=setup", f"PY={sys.executable} {record}", *arguments]
    done = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


@pytest.mark.parametrize("target", f"{OF_SETS} {OF_TRAINING} {OF_OTHERS}".split())
def test_a_target_is_there_and_listed(target):
    assert re.search(rf"^{target}:.*## \S", MAKEFILE, re.MULTILINE)


TRAINED = {
    "ex": ("vimh_small", "cnn_8k"),
    "etms": ("vimh_small", "cnn_2k"),
    "ettl": ("vimh_large", "cnn_8k"),
    "evitts": ("vimh_small", "vit_25k"),
    "emr": ("vimh_moog_resonance", "cnn_8k"),
    "emvite": ("vimh_moog_envelope", "vit_25k"),
    "er": ("vimh_rig_large", "pooled_16k"),
    "trl": ("vimh_large", "cnn_64k"),
}


@pytest.mark.parametrize("target", TRAINED)
def test_a_training_makes_its_set_first_and_trains_its_network_on_it(tmp_path, composed, target):
    made, trained = commands(tmp_path, target, "ARGS=trainer.max_epochs=2")
    data, model = TRAINED[target]
    assert made[0] == "src/generate_vimh.py"
    assert "if_missing=true" in made
    assert "trainer.max_epochs=2" not in made
    given = ["problem=spectral", f"data={data}", f"model={model}", "trainer.max_epochs=2"]
    assert trained == ["src/train.py", *given]
    config = composed("train", *given)
    samples = next(a for a in made if a.startswith("samples=")).partition("=")[2]
    assert f"_{samples}dss_" in config.data.folder


@pytest.mark.parametrize(
    ("target", "count"), [("etall", 4), ("evitall", 2), ("emall", 3), ("emvitgta", 3), ("trq", 1)]
)
def test_a_chain_trains_all_of_its_kind(tmp_path, target, count):
    found = commands(tmp_path, target)
    assert sum(call[0] == "src/train.py" for call in found) == count


def test_sets_are_of_the_sizes_that_are_asked_for(tmp_path):
    calls = commands(tmp_path, "sdma", "SAMPLES=99", "ARGS=seed=3")
    assert [next(a for a in call if a.startswith("sound=")) for call in calls] == [
        "sound=moog_basic",
        "sound=moog_envelope",
        "sound=moog_resonance",
    ]
    assert all({"samples=99", "seed=3"} <= set(call) for call in calls)


def test_a_set_is_shown_as_a_page_or_as_a_picture(tmp_path):
    assert commands(tmp_path, "ddr") == [["src/show_vimh.py"]]
    assert commands(tmp_path, "dds", "FORM=png")[-1][:2] == ["src/show_vimh.py", "form=png"]
