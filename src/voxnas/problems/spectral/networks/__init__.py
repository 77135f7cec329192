"""Networks from images to knobs, sized by the number of weights that is asked for; `build` knows them all."""

from voxnas.problems.spectral.networks import cnn, mlp, pooled, vit

__all__ = ["cnn", "mlp", "pooled", "vit"]
