"""What Optuna does not promise to keep is as the project needs it."""

import logging
import re

import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.trial import TrialState
from scripts import ROOT

from voxnas.search.optuna_private import migrate, set_attribute

PRIVATE = re.compile(r"optuna(\.\w+)*\._[a-z]|[sS]tudy\._(storage|study_id)|[tT]rial\._|_version_manager")


def test_a_trial_of_somebody_else_can_be_written_to_until_it_is_told():
    study = optuna.create_study()
    study.ask()
    number = study.ask().number
    set_attribute(study, number, "worker", "heir")
    assert [trial.user_attrs for trial in study.trials] == [{}, {"worker": "heir"}]
    study.tell(number, state=TrialState.FAIL)
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        set_attribute(study, number, "worker", "late")


def test_a_migration_leaves_loggers_as_they_are(tmp_path, monkeypatch):
    storage = RDBStorage(f"sqlite:///{tmp_path}/optuna.db")
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    migrate(storage)
    assert logging.getLogger().handlers == []
    assert not logging.getLogger("voxnas").disabled
    assert storage.get_current_version() == storage.get_head_version()


def test_it_is_used_in_one_file():
    files = [path.name for path in (ROOT / "src").rglob("*.py") if PRIVATE.search(path.read_text())]
    assert files == ["optuna_private.py"]
