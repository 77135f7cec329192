"""Sounds whose knobs are known: notes of a synthesizer, the demo rig, recordings."""
