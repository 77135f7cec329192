"""Who is tried: what proposes the candidates of a search."""
