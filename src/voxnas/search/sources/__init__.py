"""Sources: what proposes the candidates of a search."""
