"""The streams of native code for pages: one WebAssembly module that plays any network."""

from pathlib import Path

ENGINE = Path(__file__).parent / "engine.wasm"  # made by voxnas.kernels.wasm.build
