"""Measures of a finished string."""
