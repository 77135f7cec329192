"""`--file PATH` is what `file=PATH` is, whatever the path."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from voxnas.utils.flags import as_overrides


@given(st.text(st.characters(blacklist_categories=["Cc", "Cs"], blacklist_characters="$"), min_size=1))
def test_hydra_reads_any_value_as_it_was(value):
    for arguments in (["--file", value], [f"--file={value}"]):
        (override,) = as_overrides(arguments, {"file"})
        parsed = OverridesParser.create().parse_override(override)
        assert parsed.key_or_group == "file"
        assert str(parsed.value()) == value


def test_all_else_stays_as_it_is():
    arguments = ["model=a.nam", "--help", "-m", "--config-dir", "x", "--file", "a b.wav", "pace=false"]
    expected = [*arguments[:5], "file='a b.wav'", "pace=false"]
    assert as_overrides(arguments, {"file", "output"}) == expected


@pytest.mark.parametrize("arguments", [["--file"], ["--file="], ["model=a", "--file", ""]])
def test_a_missing_value_is_one_line(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        as_overrides(arguments, {"file"})
    assert stop.value.code == 2
    assert capsys.readouterr().err == "error: --file needs a value: --file VALUE\n"
