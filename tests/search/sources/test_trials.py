"""The book of trials: who holds a place, who gives way, and a database that several processes share."""

import multiprocessing

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.records.pareto import Objective
from voxnas.search.sources.trials import TRAINED, Entry, TrialBook, holder, places
from voxnas.utils.errors import InputError

OBJECTIVES = [Objective("best_val_loss"), Objective("channels", maximise=True)]
VERDICTS = st.sampled_from(["ok", "failed", "unmeasured", "rejected", "repeated", "surplus", "lost", None])


@st.composite
def entry_lists(draw) -> list[Entry]:
    count = draw(st.integers(0, 8))
    verdicts = draw(st.lists(VERDICTS, min_size=count, max_size=count))
    names = draw(st.lists(st.sampled_from("abcd"), min_size=count, max_size=count))
    return [Entry(i, v is None, n, verdict=v) for i, (v, n) in enumerate(zip(verdicts, names, strict=True))]


@given(entry_lists())
def test_a_place_is_held_by_each_candidate_that_is_or_was_in_training(entries):
    held = places(entries)
    expected = {e.candidate for e in entries if e.running or e.verdict in TRAINED}
    assert len(held) == len(expected)
    assert {entries[number].candidate for number in held} == expected
    assert held == places(entries[::-1])


def test_a_trial_that_is_not_decided_yet_holds_a_place():
    entries = [Entry(0, True), Entry(1, True), Entry(2, False, "a", verdict="ok")]
    assert places(entries) == [0, 1, 2]


def test_of_two_that_run_the_same_the_first_goes_on():
    entries = [Entry(3, True, "a"), Entry(5, True, "a")]
    assert holder(entries, 3, "a") is None
    assert holder(entries, 5, "a") == entries[0]


def test_what_was_told_holds_its_candidate_and_what_gave_way_does_not():
    entries = [
        Entry(0, False, "a", verdict="repeated"),
        Entry(1, True, "b"),
        Entry(7, False, "b", verdict="ok"),
    ]
    assert holder(entries, 2, "a") is None
    assert holder(entries, 1, "b") == entries[2]


def book(path, worker="me", seed=0) -> TrialBook:
    sampler = lambda seed: optuna.samplers.RandomSampler(seed=seed)  # noqa: E731
    return TrialBook(f"sqlite:///{path}/optuna.db", ["search"], OBJECTIVES, sampler, seed, worker)


def drawn(of: TrialBook, count: int) -> list[int]:
    return [of.ask().suggest_int("n", 0, 10**6) for _ in range(count)]


def test_the_seed_goes_on_where_it_was_and_does_not_replay(tmp_path):
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    whole = drawn(book(tmp_path / "whole"), 4)
    cut = drawn(book(tmp_path / "cut"), 2) + drawn(book(tmp_path / "cut"), 2)
    assert cut == whole
    assert len(set(whole)) == 4


def test_what_is_told_is_read_by_others_with_its_direction(tmp_path):
    one, other = book(tmp_path), book(tmp_path, "other")
    for name, values in (("a", (0.1, 4.0)), ("b", (0.2, 8.0)), ("c", (0.3, 4.0))):
        trial = one.ask()
        one.enter(trial, name, [f"model={name}"])
        one.close(trial.number, "ok", values)
    entry = other.entries()[1]
    assert (entry.candidate, entry.chosen, entry.worker, entry.values) == (
        "b",
        ("model=b",),
        "me",
        (0.2, 8.0),
    )
    assert [best["candidate"] for best in other.frontier()] == ["a", "b"]


def test_without_values_a_trial_has_failed_and_what_is_told_stays(tmp_path):
    one = book(tmp_path)
    trial = one.ask()
    one.close(trial.number, "failed")
    one.close(trial.number, "ok", (1.0, 1.0))
    (entry,) = one.entries()
    assert (entry.running, entry.verdict, entry.values) == (False, "failed", None)


def test_a_trial_changes_hands(tmp_path):
    book(tmp_path, "dead").ask()
    heir = book(tmp_path, "heir")
    heir.take_over(0)
    assert heir.entries()[0].worker == "heir"


def _fill(path: str, worker: str) -> None:
    own = book(path, worker)
    for _ in range(5):
        trial = own.ask()
        own.enter(trial, f"{worker}-{trial.number}", [])
        own.close(trial.number, "ok", (1.0, 1.0))


def test_processes_that_begin_at_once_lose_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_fill, args=(str(tmp_path), name)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    entries = book(tmp_path).entries()
    assert sorted(e.candidate or "" for e in entries) == sorted(f"{e.worker}-{e.number}" for e in entries)
    assert [e.worker for e in entries].count("a") == [e.worker for e in entries].count("b") == 5


@pytest.mark.parametrize(
    "url", ["nonsense", "nosuch://host/db", "postgresql+psycopg2://me:secret@127.0.0.1:1/x"]
)
def test_a_storage_that_cannot_be_used_is_one_line_without_the_password(url):
    with pytest.raises(InputError, match="cannot be used") as refused:
        TrialBook(url, ["search"], OBJECTIVES, lambda seed: optuna.samplers.RandomSampler(), 0, "me")
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)
