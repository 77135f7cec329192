"""What native code is given for a training pass."""

import ctypes


class Call(ctypes.Structure):
    """Mirror of the struct Call in train_jobs.h."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("batch", "samples_in", "samples_out", "threads", "tile")),
        *((name, ctypes.c_void_p) for name in ("weights", "x", "dy")),
        ("scale", ctypes.c_float),
        *((name, ctypes.c_void_p) for name in ("y", "kept", "dweights", "dx", "scratch")),
        *((name, ctypes.c_void_p) for name in ("added", "dadded")),
        ("per_item", ctypes.c_int64),
    )
