"""String problem: a resonator in feedback that rings and decays as a recorded note does."""
