"""What is measured and left after the fit of an amp's model."""
