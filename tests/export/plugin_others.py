"""LSTM, ConvNet and Linear of plug-in files once more, in NumPy and double precision."""

import numpy as np
from numpy.typing import NDArray

SILENCE = 2_000  # samples; the engine runs half a second of it, which such networks do not need
Signal = NDArray[np.float64]


class Numbers:
    """A file's weights, taken from the front."""

    def __init__(self, weights: list[float]) -> None:
        self.left = np.array(weights, np.float64)

    def take(self, *shape: int) -> Signal:
        count = int(np.prod(shape))
        taken, self.left = self.left[:count], self.left[count:]
        assert len(taken) == count
        return taken.reshape(shape)


def sigmoid(x: Signal) -> Signal:
    return 1 / (1 + np.exp(-x))


def lstm(config: dict, numbers: Numbers, x: Signal) -> Signal:
    units, inputs, cells = config["hidden_size"], 1, []
    for _ in range(config["num_layers"]):
        shapes = (4 * units, inputs + units), (4 * units,), (units,), (units,)
        cells.append([numbers.take(*shape) for shape in shapes])
        inputs = units
    head, bias = numbers.take(units), numbers.take(1)
    y = []
    for sample in np.concatenate([np.zeros(SILENCE), x]):
        value = np.array([sample])
        for cell in cells:
            weight, offset, h, c = cell
            i, f, g, o = np.split(weight @ np.concatenate([value, h]) + offset, 4)
            cell[3] = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            cell[2] = value = sigmoid(o) * np.tanh(cell[3])
        y.append(head @ value + bias[0])
    return np.array(y[SILENCE:])


def conv_net(config: dict, numbers: Numbers, x: Signal) -> Signal:
    past = sum(config["dilations"])
    z, channels = np.concatenate([np.zeros(past), x])[None], config["channels"]
    act = {"Tanh": np.tanh, "ReLU": lambda v: np.maximum(v, 0), "Sigmoid": sigmoid}[config["activation"]]
    for dilation in config["dilations"]:
        weight = numbers.take(channels, len(z), 2)
        z = weight[..., 0] @ z[:, :-dilation] + weight[..., 1] @ z[:, dilation:]
        if config["batchnorm"]:
            mean, variance, scale, bias = (numbers.take(channels, 1) for _ in range(4))
            z = (z - mean) / np.sqrt(variance + numbers.take(1)) * scale + bias
        else:
            z = z + numbers.take(channels, 1)
        z = act(z)
    return numbers.take(channels) @ z + numbers.take(1)


def linear(config: dict, numbers: Numbers, x: Signal) -> Signal:
    y = np.convolve(x, numbers.take(config["receptive_field"]))[: len(x)]
    return y + numbers.take(1) if config["bias"] else y
