"""What tests and benchmarks work on: made-up studies, a recording, broken model files."""
