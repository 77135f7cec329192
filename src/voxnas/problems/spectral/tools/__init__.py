"""Tools of scripts."""
