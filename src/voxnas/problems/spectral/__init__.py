"""Spectra in, knobs out: small networks that tell from the picture of a sound what made it."""
