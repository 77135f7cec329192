"""Streaming inference, sample-exact with training, and what it costs on this CPU."""
