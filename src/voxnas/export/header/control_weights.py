"""Parts of a C++ header whose model follows its knobs with all of its weights."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxnas.export.header.parts import Parts
from voxnas.models.control_weights import ControlWeights
from voxnas.models.weighed import WeighedNetwork


def weight_values(
    network: WeighedNetwork,
    weights: ControlWeights,
    make_parts: Callable[[Any], Parts],
    literals: Callable[[NDArray[np.float32]], str],
) -> Mapping[str, str]:
    """What stands for the names in controls_weights.h; the network is in float64."""
    marked = copy.deepcopy(network)

    def written(values: Tensor) -> NDArray[np.float32]:
        marked.set_numbers(values)
        return make_parts(marked).weights

    numbers = network.numbers()
    nothing = written(torch.zeros_like(numbers))  # but for the constants of activations
    changes = [written(change) - nothing for change in weights.changes(numbers).T]
    return {"weight_count": str(len(nothing)), "changes": literals(np.concatenate(changes))}
