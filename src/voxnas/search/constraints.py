"""Limits that a candidate is held to before any training."""

from voxnas.models.base import Network


def violation(
    network: Network,
    sample_rate: float,
    max_latency_ms: float | None = None,
    max_params: int | None = None,
    min_params: int | None = None,
    max_macs: int | None = None,
) -> str | None:
    """Why a network is rejected, or None if it is within all limits that are set."""
    latency, parameters, macs = (
        network.latency_ms(sample_rate),
        network.num_parameters,
        network.macs_per_sample,
    )
    checks = [
        (max_latency_ms, latency, f"latency {latency:.2f} ms > max_latency_ms {max_latency_ms}"),
        (max_params, parameters, f"{parameters} parameters > max_params {max_params}"),
        (max_macs, macs, f"{macs} MACs per sample > max_macs {max_macs}"),
    ]
    for limit, value, reason in checks:
        if limit is not None and value > limit:
            return reason
    if min_params is not None and parameters < min_params:
        return f"{parameters} parameters < min_params {min_params}"
    return None
