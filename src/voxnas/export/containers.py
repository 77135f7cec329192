"""Formats whose models also go several into one file; a module of its own, since it loads no network."""

CONTAINERS = {"nam": ".nam"}  # format of one model → suffix of the files that hold several
