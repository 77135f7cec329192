import numpy as np
import pytest
from scipy.signal import freqs

from voxnas.audio.demo import oversample, tube
from voxnas.audio.demo.cabinet import impulse_response
from voxnas.audio.demo.tone import tone_control, tone_filter
from voxnas.audio.demo.tube import plate_current_a, plate_swing, tube_stage

RATE = 192_000


def sine(frequency_hz: float, seconds: float, peak: float) -> np.ndarray:
    return peak * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * RATE)) / RATE)


def level_db(tone: float, frequency_hz: float) -> float:
    return float(20 * np.log10(np.abs(freqs(*tone_filter(tone), worN=[2 * np.pi * frequency_hz])[1][0])))


def test_the_tone_knob_moves_the_treble_and_leaves_the_bass() -> None:
    assert level_db(0, 4000) < level_db(0.5, 4000) - 3 < level_db(1, 4000) - 6
    assert abs(level_db(0, 100) - level_db(1, 100)) < 1


def test_the_tone_filter_is_its_circuit() -> None:
    """Against the node equations at 1 kHz, solved as a linear system for (V+, V_wiper, V_out)."""
    s, knob = 2j * np.pi * 1000, 0.3
    input_side, feedback_side = 20 + knob * 20e3, 20 + (1 - knob) * 20e3
    nodes = np.array(
        [
            [1 / 1e3 + s * 0.22e-6 + 1 / 10e3 + 1 / input_side, -1 / input_side, 0],
            [
                1 / input_side + 1 / feedback_side,
                -(1 / input_side + 1 / feedback_side + 1 / (220 + 1 / (s * 0.22e-6))),
                0,
            ],
            [1 / 1e3 + 1 / feedback_side, -1 / feedback_side, -1 / 1e3],
        ]
    )
    output = np.linalg.solve(nodes, [1 / 1e3, 0, 0])[2]
    assert freqs(*tone_filter(knob), worN=[2 * np.pi * 1000])[1][0] == pytest.approx(output, rel=1e-9)


def test_the_digital_tone_control_follows_the_analog_one() -> None:
    wave = tone_control(sine(1000, 0.05, 1.0), RATE, 0.5)[-RATE // 50 :]
    assert 20 * np.log10(np.max(np.abs(wave))) == pytest.approx(level_db(0.5, 1000), abs=0.05)


def test_the_tube_makes_even_harmonics() -> None:
    wave = tube_stage(sine(1000, 0.1, 2.0), RATE)[-RATE // 50 :]
    harmonics = np.abs(np.fft.rfft(wave))[:: len(wave) * 1000 // RATE]
    assert harmonics[2] > 0.03 * harmonics[1]


def test_the_plate_rests_on_its_load_line() -> None:
    plate_v = np.interp(tube.GRID_BIAS_V, *tube._load_line())
    current_a = plate_current_a(np.array(tube.GRID_BIAS_V), np.array(plate_v))
    assert current_a == pytest.approx((tube.SUPPLY_V - plate_v) / tube.PLATE_OHM, rel=1e-3)
    assert plate_swing(np.zeros(1)) == pytest.approx(0)
    assert np.all(np.diff(plate_swing(np.linspace(-3, 4, 100))) > 0)


def test_a_loud_burst_shifts_the_bias_and_the_shift_fades() -> None:
    """The same soft tone, after a burst and after none: first different, then the same again."""
    soft = sine(1000, 0.2, 0.3)
    burst = soft.copy()
    burst[: RATE // 20] = sine(1000, 0.05, 6.0)
    shift = tube_stage(burst, RATE) - tube_stage(soft, RATE)
    first, last = shift[RATE // 20 : RATE // 20 + RATE // 1000], shift[-RATE // 100 :]
    assert np.mean(first) < -0.05, "the bias is pulled down"
    assert np.max(np.abs(last)) < 1e-6


def test_without_grid_current_there_is_no_shift() -> None:
    soft = sine(1000, 0.2, 0.3)
    burst = soft.copy()
    burst[: RATE // 20] = sine(1000, 0.05, 0.9)
    shift = tube_stage(burst, RATE) - tube_stage(soft, RATE)
    assert abs(np.mean(shift[RATE // 20 : RATE // 20 + RATE // 1000])) < 0.005


def test_tube_chunks_side_by_side_equal_one_run_in_time() -> None:
    volts = 3 * np.random.default_rng(0).standard_normal(120_000)
    np.testing.assert_allclose(tube_stage(volts, RATE), tube_stage(volts, RATE, chunk=len(volts)), atol=1e-7)


def test_without_the_warm_up_tube_chunks_would_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    volts = 3 * np.random.default_rng(0).standard_normal(120_000)
    sequential = tube_stage(volts, RATE, chunk=len(volts))
    monkeypatch.setattr(tube, "MEMORY_TIME_CONSTANTS", 1)
    assert np.max(np.abs(tube_stage(volts, RATE) - sequential)) > 1e-3


def test_oversampling_there_and_back_keeps_the_band_and_hardly_delays() -> None:
    tone = np.sin(2 * np.pi * 3000 * np.arange(4800) / 48_000)
    back = oversample.downsample(oversample.upsample(tone, 48_000), 48_000)[-1600:]
    assert np.std(back) == pytest.approx(np.std(tone), rel=0.03)
    spectrum = np.fft.rfft(back)[100] / np.fft.rfft(tone[-1600:])[100]
    delay_samples = -np.angle(spectrum) / (2 * np.pi * 3000) * 48_000
    assert 0 < delay_samples < 5


def test_images_are_eighty_decibels_down() -> None:
    tone = np.sin(2 * np.pi * 6000 * np.arange(9600) / 48_000)
    spectrum = np.abs(np.fft.rfft(oversample.upsample(tone, 48_000)[-19_200:]))
    assert spectrum[4200] < 1.1e-4 * spectrum[600], "the image at 42 kHz"


def test_the_cabinet_is_short_and_band_limited() -> None:
    response = impulse_response(48_000)
    energy = np.cumsum(response**2) / np.sum(response**2)
    assert len(response) == 960
    assert energy[240] > 0.99, "within 5 ms"
    level = 20 * np.log10(np.abs(np.fft.rfft(response, 48_000)))
    assert level[40] < level[200] - 10
    assert level[10_000] < level[2500] - 20
