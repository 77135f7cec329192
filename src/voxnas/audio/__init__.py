"""Pairs of recordings: read, check, align; and the demo rig that makes a pair."""
