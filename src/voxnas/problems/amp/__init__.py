"""Amps from recordings: the dry guitar, and the same guitar through the amp."""
