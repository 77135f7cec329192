"""Native code for what is hot, compiled for the machine at hand on first use."""
