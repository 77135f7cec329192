"""Whatever a file holds, it is a model that plays or it is refused in one line, soon and in little memory."""

import subprocess
import sys
import time
import warnings
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from material.damage import (
    damaged_bytes,
    damaged_checkpoint,
    damaged_json,
    healthy_checkpoints,
    healthy_files,
)

from voxnas.engine.make import make_engine
from voxnas.export.load import load_model
from voxnas.utils.errors import InputError

BLOCK = (0.5 * np.random.default_rng(0).standard_normal(64)).astype(np.float32)
FILES, CHECKPOINTS = healthy_files(), healthy_checkpoints()
SECONDS = 2.0  # of this process's own time

many = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,  # benchmarks/fuzz.py is for finding more
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
randoms = st.integers(0, 2**32).map(Random)


def plays_or_is_refused(path: Path) -> bool:
    """True if it plays."""
    start = time.process_time()
    played, refusal = np.zeros(0), ""
    try:
        played = make_engine(load_model(path).network).process(BLOCK)
    except InputError as error:
        refusal = str(error)
    assert time.process_time() - start < SECONDS
    assert np.isfinite(played).all()
    if refusal:
        assert refusal.startswith(f"{path}: ")
        assert "\n" not in refusal
        assert len(refusal) < 600 + len(str(path))
    return not refusal


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.mark.parametrize("name", FILES)
def test_what_is_to_be_damaged_plays(folder, name):
    (folder / name).write_bytes(FILES[name])
    assert plays_or_is_refused(folder / name)


@given(random=randoms, name=st.sampled_from(sorted(FILES)))
@many
def test_json_of_every_kind_with_broken_values(folder, random, name):
    (folder / name).write_bytes(damaged_json(FILES[name], random))
    plays_or_is_refused(folder / name)


@given(random=randoms, name=st.sampled_from(sorted(FILES)))
@many
def test_json_of_every_kind_with_broken_bytes(folder, random, name):
    (folder / name).write_bytes(damaged_bytes(FILES[name], random))
    plays_or_is_refused(folder / name)


@given(random=randoms, name=st.sampled_from(sorted(CHECKPOINTS)), bytes_too=st.booleans())
@many
def test_checkpoints_with_broken_values_and_bytes(folder, random, name, bytes_too):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, of the odder tensors
        torch.save(damaged_checkpoint(CHECKPOINTS[name], random), folder / name)
        if bytes_too:
            (folder / name).write_bytes(damaged_bytes((folder / name).read_bytes(), random))
        plays_or_is_refused(folder / name)


MIB = 2**20
DENSE = b'{"in_shape":[1],"layers":[{"type":"dense","shape":[1],"weights":[[%b0],[0]]}]}'
HUGE_LAYER = b'{"in_shape":[1],"layers":[{"type":"lstm","shape":[262144],"weights":[[],[],[]]}]}'
WORST = {
    "100 MB of brackets": ("a.json", lambda: b"[" * 10**8),
    "60 MiB of brackets": ("a.json", lambda: b"[" * (60 * MIB)),
    "a weights list of 200 MiB": ("a.nam", lambda: b'{"weights":[' + b"0.5," * (50 * MIB) + b"0]}"),
    "a weights list of 60 MiB": ("a.nam", lambda: b'{"weights":[' + b"0.5," * (15 * MIB) + b"0]}"),
    "as many weights as are read": ("a.json", lambda: DENSE % (b"0.5," * (4 * MIB - 9))),
    "as many lists as are read": ("a.json", lambda: DENSE % (b"[]," * (MIB - 9))),
    "as many objects as are read": ("a.nam", lambda: b'{"config":[' + b"{}," * (MIB - 9) + b"0]}"),
    "60 MiB of one name": ("a.json", lambda: b'{"format":"' + b"a" * (60 * MIB) + b'"}'),
    "ten million digits": ("a.json", lambda: b'{"layers":' + b"9" * 10**7 + b"}"),
    "many units and no weights": ("a.aidax", lambda: HUGE_LAYER),
}
SCRIPT = """
import re, sys, time
from pathlib import Path
from voxnas.export.load import load_model
from voxnas.utils.errors import InputError

def peak_mib():  # getrusage would count what the parent had before this program was put in its place
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

before_mib, start = peak_mib(), time.process_time()
try:
    load_model(sys.argv[1])
except InputError as error:
    assert len(str(error)) < 700
    print(time.process_time() - start, peak_mib() - before_mib)
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/status").is_file(), reason="this system does not tell the peak memory"
)
@pytest.mark.parametrize("case", WORST)
def test_the_worst_files_take_little_time_and_memory(tmp_path, case):
    name, data = WORST[case]
    (tmp_path / name).write_bytes(data())
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    seconds, mib = map(float, done.stdout.split())
    assert seconds < 3
    assert mib < 400
