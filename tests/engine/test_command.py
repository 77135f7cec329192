"""Another program's figure, asked of real small programs."""

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.engine.command import UNITS, Command
from voxnas.utils.errors import InputError

# times a real piece of work on the model's weights, and prints as the plug-in's own benchmark does
BENCHMARK = """
import json, sys, time
weights = json.load(open(sys.argv[1]))["weights"]
print("Loading model", sys.argv[1]); print("Running benchmark")
start = time.perf_counter()
for _ in range(2000): sum(weights)
ms = 1000 * (time.perf_counter() - start)
print("Finished"); print(f"{int(ms)}ms"); print(f"{ms}ms")
"""


@pytest.fixture
def program(tmp_path):
    """Makes a program of Python code: the beginning of its command line."""

    def make(code: str) -> list[str]:
        path = tmp_path / "bench tool.py"
        path.write_text(code)
        return [sys.executable, str(path)]

    return make


@pytest.fixture
def model(tmp_path) -> Path:
    path = tmp_path / "amp {block_size}.nam"  # a name that could be mistaken for a placeholder
    path.write_text(json.dumps({"weights": [0.5] * 100}))
    return path


def test_a_program_that_times_the_model_tells_its_share_of_real_time(program, model):
    command = Command([*program(BENCHMARK), "{model}"], r"([0-9.]+)ms$", "ms_total", samples=96000)
    rtf = command.rtf(model, 64, 48000)
    assert 0 < rtf < 1  # 2000 sums of 100 numbers take milliseconds, the audio two seconds
    assert rtf != round(rtf, 3)  # the last figure counts, not the rounded one before it
    assert not command.takes_block_size


@pytest.mark.parametrize(
    ("unit", "printed", "rtf"),
    [
        ("ms_per_block", "0.5", 0.375),  # a block of 64 lasts 1.3333 ms
        ("us_per_block", "500", 0.375),
        ("rtf", ".375", 0.375),
        ("times_realtime", "8", 0.125),
        ("ms_total", "250", 0.125),  # of 2 s
    ],
)
def test_every_unit_by_hand(program, model, unit, printed, rtf):
    samples = 96000 if unit == "ms_total" else None
    run = [*program(f"print('took {printed} in all')"), "{model}"]
    command = Command(run, r"took (\S+)", unit, samples)
    assert command.rtf(model, 64, 48000) == pytest.approx(rtf)


def test_every_unit_is_tried():
    assert set(UNITS) == {"ms_per_block", "us_per_block", "rtf", "times_realtime", "ms_total"}


def test_placeholders_are_filled_and_nothing_goes_through_a_shell(program, model):
    code = "import sys; print(sys.argv[1:], file=sys.stderr); print('1 ms')"
    line = [*program(code), "--in={model}", "{block_size}", "{sample_rate}", "$(echo x)", ";"]
    command = Command(line, r"(\d+) ms")
    assert command.takes_block_size
    seen = Command([*line[:2], "{model}", *line[3:]], r"amp \{block_size\}.nam', '(\d+)', '44100', '\$\(echo")
    assert seen.rtf(model, 128, 44100) == pytest.approx(128 / (1000 * 128 / 44100))  # the figure is 128
    assert command.rtf(model, 128, 44100) == pytest.approx(1 / (1000 * 128 / 44100))


def test_one_string_is_split_as_a_shell_would(program, model):
    python, script = program("print('2 ms')")
    assert Command(f"{python} '{script}' {{model}}").rtf(model, 64, 48000) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("print('a'); raise SystemExit('out of tune')", "failed with exit code 1: out of tune"),
        ("print('first'); print('last words'); raise SystemExit(3)", "failed with exit code 3: last words"),
        ("print('no time')", "command.pattern=([0-9.]+) *ms is not in no time"),
        ("pass", "is not in no output"),
        ("print('1.2.3 ms')", "'1.2.3' is not a number"),
        ("print('0 ms')", "told 0, which is no time"),
        ("import time; time.sleep(30)", "not done after 0.5 s; raise command.timeout_s"),
    ],
)
def test_a_program_without_a_figure_is_one_line(program, model, code, message):
    command = Command([*program(code), "{model}"], timeout_s=0.5 if "sleep" in code else 30)
    with pytest.raises(InputError) as caught:
        command.rtf(model, 64, 48000)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_program_is_one_line(model, tmp_path):
    path = tmp_path / "bench"
    path.write_bytes(b"\x00\x01")
    path.chmod(0o755)
    with pytest.raises(InputError, match="cannot be run"):
        Command([str(path), "{model}"]).rtf(model, 64, 48000)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"run": []}, "command.run: give the program"),
        ({"run": "python3 amp.nam"}, "command.run: give the program"),
        ({"run": "'python3 {model}"}, "cannot be split"),
        ({"run": "no-such-bench {model}"}, "no program no-such-bench; check its path"),
        ({"pattern": "([0-9"}, "no regular expression"),
        ({"pattern": "[0-9]+"}, "has 0 groups"),
        ({"pattern": "([0-9]+)([a-z]+)"}, "has 2 groups"),
        ({"unit": "hours"}, "command.unit=hours is unknown; one of ms_per_block"),
        ({"unit": "ms_total"}, "command.samples"),
        ({"samples": 100}, "command.samples"),
        ({"unit": "ms_total", "samples": 0}, "command.samples"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_runs(settings, message):
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        Command(**{"run": [sys.executable, "{model}"], **settings})


@given(st.floats(1e-3, 1e3), st.integers(1, 4096), st.sampled_from([8000, 44100, 48000, 192000]))
def test_the_units_agree(rtf, block_size, sample_rate):
    duration_ms = 1000 * block_size / sample_rate
    printed = {
        "rtf": rtf,
        "times_realtime": 1 / rtf,
        "ms_per_block": rtf * duration_ms,
        "us_per_block": 1000 * rtf * duration_ms,
        "ms_total": 10 * rtf * duration_ms,
    }
    for unit, figure in printed.items():
        samples = 10 * block_size if unit == "ms_total" else None
        command = Command([sys.executable, "{model}"], unit=unit, samples=samples)
        assert command._to_rtf(figure, block_size, sample_rate) == pytest.approx(rtf)
