"""voxnas: neural architecture search for real-time neural guitar-amp models."""

__version__ = "0.1.0"
