"""Sections of reports on strings."""
