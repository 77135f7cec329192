"""Tools of the string problem, which scripts call by their config."""
