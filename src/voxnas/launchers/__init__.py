"""Runs of a sweep in processes that may be on other machines: Hydra launchers for Slurm and Ray."""
