"""Measures of an amp's finished model, as callbacks."""
