"""Native code of the hot loops, compiled for the machine at hand on first use."""
