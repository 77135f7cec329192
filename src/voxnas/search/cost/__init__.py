"""Costs of candidates, known before they are trained: training does not change them."""
