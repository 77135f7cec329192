"""Experience of earlier searches: what kinds of candidates did well elsewhere."""
