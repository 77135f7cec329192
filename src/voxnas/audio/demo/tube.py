"""A triode stage that clips unevenly and, driven hard, shifts its own bias."""

from functools import lru_cache

import numpy as np

from voxnas.audio.demo.chunks import rejoin, side_by_side

COUPLING_F = 4.7e-9
SOURCE_OHM = 47e3
GRID_LEAK_OHM = 1e6
GRID_CONDUCTING_OHM = 47e3
GRID_BIAS_V = -1.2
SUPPLY_V = 250.0
PLATE_OHM = 100e3

MU, EXPONENT, KG1, KP, KVB = 100.0, 1.4, 1060.0, 600.0, 300.0  # Koren's 12AX7
GRID_RANGE_V = (-8.0, 4.0)
MEMORY_TIME_CONSTANTS = 20  # exp(-20) = 2e-9 of the bias shift


def tube_stage(volts: np.ndarray, sample_rate: int, chunk: int | None = None) -> np.ndarray:
    """Return the plate's swing, turned over (as an output transformer may), as part of the supply.

    Grid: the source drives the grid through the coupling capacitor. While the grid is above the cathode it
    conducts and charges the capacitor (in about 0.4 ms), which pulls the bias down until the grid leak has
    drained it (5 ms). Plate: the triode's static curve on its load line.

    Sources: Koren, "Improved vacuum tube models for SPICE simulations", Glass Audio 8(5), 1996; Pakarinen and
    Yeh, "A review of digital techniques for modeling vacuum-tube guitar amplifiers", Computer Music Journal
    33(2), 2009 (grid conduction and blocking).
    """
    memory_s = MEMORY_TIME_CONSTANTS * COUPLING_F * (SOURCE_OHM + GRID_LEAK_OHM)
    warmup = int(np.ceil(memory_s * sample_rate))
    columns = side_by_side(volts, chunk or warmup, warmup)
    return plate_swing(rejoin(_grid_volts(columns, sample_rate), warmup, len(volts)))


def _grid_volts(columns: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return the grid's signal voltage for every column of source voltage, by the implicit Euler method.

    The capacitor's current i satisfies C dv/dt = i and v_in = v + R_source i + grid. The grid takes
    i = grid / R_leak and, above the cathode, (grid + bias) / R_conducting more. Both cases are straight lines
    that cross where conduction begins, and the lower one holds: the step is solved in closed form.
    """
    impedance_ohm = SOURCE_OHM + 1 / (COUPLING_F * sample_rate)
    insulating = 1 / (1 + impedance_ohm / GRID_LEAK_OHM)
    conducting = 1 / (1 + impedance_ohm * (1 / GRID_LEAK_OHM + 1 / GRID_CONDUCTING_OHM))
    offset_v = -conducting * impedance_ohm / GRID_CONDUCTING_OHM * GRID_BIAS_V
    charge = 1 / (COUPLING_F * sample_rate * impedance_ohm)
    grid = np.empty_like(columns)
    capacitor = np.zeros(columns.shape[1])
    for step, source in enumerate(columns):
        across = source - capacitor
        np.minimum(insulating * across, conducting * across + offset_v, out=grid[step])
        capacitor += charge * (across - grid[step])
    return grid


def plate_swing(grid_v: np.ndarray) -> np.ndarray:
    """Return how far the plate is below its rest, over the supply voltage, for the grid's signal voltage."""
    grid_table, plate_table = _load_line()
    rest_v = np.interp(GRID_BIAS_V, grid_table, plate_table)
    return (rest_v - np.interp(grid_v + GRID_BIAS_V, grid_table, plate_table)) / SUPPLY_V


def plate_current_a(grid_v: np.ndarray, plate_v: np.ndarray) -> np.ndarray:
    """Return Koren's plate current in amperes."""
    drive = KP * (1 / MU + grid_v / np.sqrt(KVB + plate_v**2))
    return 2 * (plate_v / KP * np.logaddexp(0, drive)) ** EXPONENT / KG1


@lru_cache(maxsize=1)
def _load_line() -> tuple[np.ndarray, np.ndarray]:
    """Return grid voltages and the plate voltage for which tube and plate resistor carry the same current."""
    grid_v = np.linspace(*GRID_RANGE_V, 8193)
    low, high = np.zeros_like(grid_v), np.full_like(grid_v, SUPPLY_V)
    for _ in range(60):  # bisection: the tube's current grows with the plate voltage, the resistor's falls
        middle = (low + high) / 2
        too_high = plate_current_a(grid_v, middle) > (SUPPLY_V - middle) / PLATE_OHM
        low, high = np.where(too_high, low, middle), np.where(too_high, middle, high)
    return grid_v, (low + high) / 2
