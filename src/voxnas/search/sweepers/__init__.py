"""How a space is searched: Hydra sweepers, which run their candidates through any launcher."""
