"""Makes the project's sweepers known to Hydra."""

from hydra.core.plugins import Plugins

from voxnas.search.sweepers.base import StudySweeper
from voxnas.search.sweepers.grid import GridSweeper

NAMESPACE = "hydra_plugins.voxnas"  # Hydra takes plugins from this package alone
SWEEPERS: tuple[type[StudySweeper], ...] = (GridSweeper,)


def register_sweepers() -> None:
    """Each as `hydra_plugins.voxnas.<its name>`, for `hydra.sweeper._target_`; safe to call again."""
    plugins = Plugins.instance()
    for sweeper in SWEEPERS:
        plugins.register(sweeper)
        plugins.class_name_to_class[f"{NAMESPACE}.{sweeper.__name__}"] = sweeper
