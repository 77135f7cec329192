"""Differentiable search: all choices in one network, weighted, and the weights learnt."""
