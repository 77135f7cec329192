"""Searches of a space: Hydra sweepers, which run their candidates through any launcher."""
