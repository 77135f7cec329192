"""Plug-in file formats, each with its reader."""
