"""Made-up studies, to try reports and promotion on without training anything."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from voxnas.records.record import Record, measured

LAYERS, CHANNELS, KERNELS = (4, 5, 6, 7, 8, 9, 10), (12, 16, 20, 24, 32, 48), (3, 5)
SAMPLE_RATE, BLOCK_SIZE = 48_000, 512


def synthetic_study(
    folder: Path,
    candidates: int,
    *,
    keep: float = 0.5,
    epochs: tuple[int, int] = (50, 400),
    failures: bool = True,
    seed: int = 0,
) -> None:
    """Write two rungs of plausible but invented records into `folder`.

    ESR falls with size and receptive field and scatters at random; cost follows layers and multiply-adds.
    `keep` is the share that the second rung trains on; with `failures`, a few are rejected or fail.
    """
    generator = np.random.default_rng(seed)
    grid = list(product(LAYERS, CHANNELS, KERNELS))
    order = generator.permutation(candidates) if candidates > len(grid) else range(candidates)
    records = [_candidate(folder.name, int(i), *grid[int(i) % len(grid)], generator) for i in order]
    if failures:
        _fail(records)
    finished = [r for r in records if r.status == "ok"]
    for record in records:
        _train(record, "phase1", epochs[0], generator)
        record.write(folder / "phase1" / record.candidate)
    finished.sort(key=lambda r: r.loss)
    for record in finished[: int(len(finished) * keep)]:
        _train(record, "phase2", epochs[1], generator)
        record.write(folder / "phase2" / record.candidate)


def _candidate(
    study: str, number: int, layers: int, channels: int, kernel: int, generator: np.random.Generator
) -> Record:
    variant = number // (len(LAYERS) * len(CHANNELS) * len(KERNELS))
    field = 1 + (kernel - 1) * (2**layers - 1)
    macs = layers * (channels * channels * (kernel + 1) + channels) + 2 * channels
    rtf = (1.2e-3 * layers + 4.7e-6 * macs) * generator.lognormal(0, 0.12)
    return Record(
        candidate=f"wavenet-l{layers}-c{channels}-k{kernel}" + (f"-v{variant}" if variant else ""),
        study=study,
        rung="phase1",
        status="ok",
        problem="amp",
        identity=f"{number:016x}",
        architecture={
            "type": "WaveNet",
            "layer_arrays": [
                {
                    "channels": channels,
                    "kernel_sizes": [kernel] * layers,
                    "dilations": [2**i for i in range(layers)],
                }
            ],
        },
        shape={
            "num_layers": layers,
            "channels": channels,
            "kernel_size": kernel,
            "receptive_field": field,
            "latency_ms": 1000 * field / SAMPLE_RATE,
            "parameters": macs + layers * channels * 2 + 3 * variant,
            "macs_per_sample": macs,
            "sample_rate": SAMPLE_RATE,
        },
        cost=_cost(rtf),
        details={
            "benchmarks": [{"block_size": 64, "rtf": 1.2 * rtf}, {"block_size": BLOCK_SIZE, "rtf": rtf}]
        },
        seed=0,
        machine={"cpu": "invented", "cores": 2, "threads": 1},
        created="2026-01-01T00:00:00+00:00",
    )


def _cost(rtf: float) -> dict[str, dict[str, Any]]:
    period = 1000 * BLOCK_SIZE / SAMPLE_RATE
    figures = {"cpu_mean_ms": rtf * period, "cpu_p99_ms": 1.4 * rtf * period}
    figures |= {"cpu_rtf": rtf, "cpu_realtime_capable": bool(rtf < 0.8), "plugin_rtf": 5 * rtf}
    return measured(figures, engine="invented", block_size=BLOCK_SIZE)


def _fail(records: list[Record]) -> None:
    for record in records[5::11]:
        latency = record.value("latency_ms")
        record.status, record.reason = "rejected", f"max_latency_ms: {latency:.1f} ms is over the limit"
    for record in records[8::17]:
        record.status, record.reason = "failed", "the loss became NaN in epoch 3"


def _train(record: Record, rung: str, epochs: int, generator: np.random.Generator) -> None:
    """Invent a history that falls to an ESR which size and receptive field suggest."""
    record.rung = rung
    if record.status == "rejected":
        record.cost, record.details = {}, {}
        return
    size, field = float(record.shape["parameters"]), float(record.shape["receptive_field"])
    floor = 40 * size**-0.75 * field**-0.35 * generator.lognormal(0, 0.25) * (epochs / 50) ** -0.35
    first = 0.8 if rung == "phase1" else 3 * floor
    steps = np.arange(3 if record.status == "failed" else epochs)
    esr = floor + (first - floor) * np.exp(-steps / (epochs / 8)) * generator.lognormal(0, 0.06, len(steps))
    record.history = [
        {"epoch": int(n), "train_loss": float(0.9 * e), "score": float(e)}
        for n, e in zip(steps, esr, strict=True)
    ]
    record.epochs, record.train_seconds = len(steps), 4.0 * len(steps)
    if record.status == "ok":
        record.best_epoch, record.score = int(esr.argmin()), float(esr.min())
        record.best_train_loss = 0.9 * float(esr.min())
        aliasing = [
            {"hz": float(hz), "asr": float(1e-7 * (hz / 100) ** 2 / size * 1e4 * generator.lognormal(0, 0.2))}
            for hz in np.geomspace(82.4, 10_000, 24)
        ]
        mean = float(np.exp(np.mean([np.log(at["asr"]) for at in aliasing])))
        record.metrics = {"test_esr": float(esr.min()) * 1.1, "asr": mean}
        record.details["aliasing"] = aliasing
        record.exports = {"nam": f"{record.candidate}.nam", "json": f"{record.candidate}.json"}
