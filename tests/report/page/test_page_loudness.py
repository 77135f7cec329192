"""The page's loudness is that of ITU-R BS.1770."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from voxnas.report.page.join import WEB

RUN = """
import fs from "fs";
import {{ loudness }} from "{web}/loudness.mjs";
const [file, rate] = process.argv.slice(-2);
console.log(loudness(new Float32Array(Uint8Array.from(fs.readFileSync(file)).buffer), Number(rate)));
"""


def in_the_page(samples: np.ndarray, rate: int, folder: Path) -> float:
    if not shutil.which("node"):
        pytest.skip("no Node.js to run it")
    samples.astype("<f4").tofile(folder / "x")
    command = ["node", "--input-type=module", "-e", RUN.format(web=WEB), str(folder / "x"), str(rate)]
    return float(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def test_a_sine_of_a_kilohertz_at_full_level_has_minus_three(tmp_path):
    # as the recommendation says of one channel: -3.01 LKFS at 997 Hz
    sine = np.sin(2 * np.pi * 997 * np.arange(48_000 * 3) / 48_000)
    assert in_the_page(sine, 48_000, tmp_path) == pytest.approx(-3.01, abs=0.01)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_it_is_within_a_tenth_of_pyloudnorm(tmp_path, rate):
    pyloudnorm = pytest.importorskip("pyloudnorm")
    generator = np.random.default_rng(1)
    envelope = np.repeat(generator.uniform(0.001, 0.5, 12), rate // 2)  # quiet stretches are gated
    x = 0.3 * envelope * generator.standard_normal(len(envelope))
    expected = pyloudnorm.Meter(rate).integrated_loudness(x)
    assert in_the_page(x, rate, tmp_path) == pytest.approx(expected, abs=0.1)
