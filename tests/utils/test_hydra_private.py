"""What Hydra does not promise to keep is as the project needs it."""

import re
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf
from scripts import ROOT

from voxnas.utils.hydra_private import raised, sweep_points, unresolved

PRIVATE = re.compile(r"hydra\._internal|\._return_value|\._get_node\(")


def test_a_sweep_is_the_product_of_its_values():
    parsed = OverridesParser.create().parse_overrides(["a=1,2", "b=x", "c=choice(3,4)"])
    points = [["a=1", "b=x", "c=3"], ["a=1", "b=x", "c=4"], ["a=2", "b=x", "c=3"], ["a=2", "b=x", "c=4"]]
    assert sweep_points(parsed) == points


def test_what_a_run_raised_is_handed_on_and_not_raised():
    failed = JobReturn(status=JobStatus.FAILED)
    failed.return_value = error = ValueError("too loud")
    assert raised(failed) is error
    with pytest.raises(ValueError, match="too loud"):
        assert failed.return_value
    done = JobReturn(status=JobStatus.COMPLETED)
    done.return_value = 0.5
    assert raised(done) is None


def test_a_value_is_read_without_what_it_refers_to():
    config = OmegaConf.create({"name": "${nowhere}-x", "group": {"a": 1}})
    assert unresolved(config, "name") == "${nowhere}-x"
    assert unresolved(config, "group") is None
    assert unresolved(config, "none") is None


def test_it_is_used_in_one_file():
    files = [path for path in (ROOT / "src").rglob("*.py") if PRIVATE.search(path.read_text())]
    assert files == [Path(ROOT / "src/voxnas/utils/hydra_private.py")]
