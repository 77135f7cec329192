"""All that the project uses of Optuna without its promise to keep it.

Its test fails when one of them changes; then this is the file to mend.
"""

import logging
import warnings

import optuna
from optuna.storages import RDBStorage


def set_attribute(study: optuna.Study, number: int, key: str, value: str) -> None:
    """Note something with a trial that another process may have asked for; `Trial` is for the asker."""
    storage = study._storage
    storage.set_trial_user_attr(
        storage.get_trial_id_from_study_id_trial_number(study._study_id, number), key, value
    )


def migrate(storage: RDBStorage) -> None:
    """`upgrade()`, but for what its migration does besides.

    It sets up logging anew where the root logger has no handler, and so silences whoever has one; and it
    warns of the old forms that it is there to replace.
    """
    root, handler = logging.getLogger(), logging.NullHandler()
    root.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            storage.upgrade()
    finally:
        root.removeHandler(handler)
