"""Jobs of `src/train.py`, from a config to the records in a folder."""
