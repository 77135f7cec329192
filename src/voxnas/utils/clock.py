"""Times of day as records have them."""

from datetime import datetime, timezone


def now() -> str:
    """ISO 8601 in UTC, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
