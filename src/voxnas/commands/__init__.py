"""The commands of `python -m voxnas`: what make has targets for, on every system."""
