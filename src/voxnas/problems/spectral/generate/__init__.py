"""Sets of images made from sounds whose knobs are known."""
