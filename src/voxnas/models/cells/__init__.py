"""Networks of searched cells: their operations, how they are stacked, played offline and in blocks."""
