"""Tools for pairs of recordings and models of amps, as the scripts of the same names call them."""
