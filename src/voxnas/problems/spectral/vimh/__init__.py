"""VIMH: sets of spectral images with the knobs that made them, as bytes beside a JSON file."""
