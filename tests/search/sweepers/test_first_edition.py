"""Searches of the first edition of records, told by the config that their sweep has left."""

import pytest
from omegaconf import OmegaConf

from voxnas.search.sweepers.first_edition import KEPT, SAVED, identity_then, keep_saved

SEARCH = {"source": "random", "candidates": 4}
GROUPS = {"model": {"channels": 4}, "training": {}, "data": {"input": None}, "trainer": {}}


def sweep(folder, *overrides: str, **changes):
    hydra = {"sweep": {"dir": str(folder)}, "sweeper": {}, "overrides": {"task": list(overrides)}}
    own = {"hydra": hydra, "search": SEARCH, "seed": 0, "constraints": {}, "callbacks": {}} | GROUPS
    return OmegaConf.create(own | changes)


def leave(folder, *overrides: str) -> None:
    OmegaConf.save(sweep(folder, *overrides, unnamed=[]), folder / SAVED)
    keep_saved(folder)


def now(folder, *overrides: str, **changes):
    config = sweep(folder, *overrides, identity={}, **changes)
    OmegaConf.save(config, folder / SAVED)
    keep_saved(folder)
    return identity_then(config)


def test_the_same_command_has_the_name_of_then_and_keeps_it(tmp_path):
    leave(tmp_path, "search=ladder", "study=mine", "threads=1")
    more = SEARCH | {"promotion": "sync"}
    first = now(tmp_path, "study=mine", "search=ladder", "threads=2", search=more)(None)
    again = now(tmp_path, "search=ladder", "study=mine", search=more)(None)
    assert first == again is not None
    assert "unnamed" in OmegaConf.load(tmp_path / KEPT)


@pytest.mark.parametrize(
    ("overrides", "changes"),
    [
        (["search=ladder", "space=poc"], {}),
        (["search=ladder"], {"seed": 1}),
        (["search=ladder"], {"search": SEARCH | {"candidates": 5}}),
    ],
)
def test_another_search_begins_anew(tmp_path, overrides, changes):
    leave(tmp_path, "search=ladder")
    assert now(tmp_path, *overrides, **changes)(None) is None


def test_a_folder_of_this_edition_has_none(tmp_path):
    assert now(tmp_path, "search=ladder")(None) is None
    assert not (tmp_path / KEPT).exists()
