"""Strings: delay lines in feedback through a small cell, a network or none."""
