"""The project's launchers, under the name where alone Hydra takes plugins from."""

from voxnas.launchers import ray, submitit


class RayLauncher(ray.RayLauncher):
    """`hydra/launcher=ray`."""


class LocalLauncher(submitit.LocalLauncher):
    """`hydra/launcher=submitit_local`."""


class SlurmLauncher(submitit.SlurmLauncher):
    """`hydra/launcher=submitit_slurm`."""
