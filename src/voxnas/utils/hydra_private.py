"""All that the project uses of Hydra and OmegaConf without their promise to keep it.

Its test fails when one of them changes; then this is the file to mend.
"""

from collections.abc import Sequence

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import AnyNode, DictConfig


def sweep_points(overrides: Sequence[Override]) -> list[list[str]]:
    """The product of every swept value, as Hydra's basic sweeper has it: one list of overrides per run."""
    batches = BasicSweeper.split_arguments(list(overrides), max_batch_size=None)
    return [list(point) for batch in batches for point in batch]


def raised(result: JobReturn) -> BaseException | None:
    """The exception that a run raised. `JobReturn.return_value` would raise it again, and show it."""
    error = result._return_value if result.status == JobStatus.FAILED else None
    assert error is None or isinstance(error, BaseException)
    return error


def unresolved(config: DictConfig, key: str) -> str | None:
    """A value as it stands in the config, such as `${name:}`; None for what is no single value."""
    node = config._get_node(key)
    return str(node._value()) if isinstance(node, AnyNode) else None
