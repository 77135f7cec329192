"""Plots and summary of a study."""
