"""Trained models as C++ headers: code in runtime/, the same for all, and a model's own types and numbers."""
