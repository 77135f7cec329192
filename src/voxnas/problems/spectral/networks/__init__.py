"""Networks from images to knobs, sized by the number of weights that is asked for."""
