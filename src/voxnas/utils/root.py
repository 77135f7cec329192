"""The checkout that this is of."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
