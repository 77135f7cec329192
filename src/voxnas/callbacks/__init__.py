"""Callbacks of a training run that serve every problem: benchmark, export, record, progress."""
