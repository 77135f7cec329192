"""What one job of `src/train.py` does, from its config to the records in its folder."""
