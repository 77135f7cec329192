"""Many stretches of one signal side by side, so that a recursion in time becomes vector arithmetic.

A circuit that forgets can be started anywhere, given some of the past to settle on. What this leaves is the
circuit's memory after `warmup` samples: exp(-warmup / time constant) of its state.
"""

import numpy as np


def side_by_side(signal: np.ndarray, chunk: int, warmup: int) -> np.ndarray:
    """Return `(warmup + chunk, chunks)`: column i holds the samples from `i * chunk - warmup` on.

    Before the first sample there is silence.
    """
    chunks = -(-len(signal) // chunk)
    padded = np.zeros(warmup + chunks * chunk)
    padded[warmup : warmup + len(signal)] = signal
    rows = np.lib.stride_tricks.sliding_window_view(padded, warmup + chunk)[::chunk]
    return np.ascontiguousarray(rows.T)


def rejoin(columns: np.ndarray, warmup: int, samples: int) -> np.ndarray:
    """Undo `side_by_side`: drop the warm-up and lay the chunks end to end, `samples` long."""
    return columns[warmup:].T.reshape(-1)[:samples]
