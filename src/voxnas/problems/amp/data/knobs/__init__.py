"""Recordings of one device at several settings of its knobs and switches."""
