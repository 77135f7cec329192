"""Look of all pictures: style, labels that cover nothing, short names."""
