"""Finals as they are played: seeds go to those that are not known to be worse."""

from pathlib import Path
from types import SimpleNamespace

from voxnas.search.sweepers.finals import Finals
from voxnas.search.sweepers.runner import Outcome


class Trains:
    """A runner whose runs have these losses, by finalist and seed; None for one that failed."""

    def __init__(self, losses):
        self.losses, self.asked = losses, []

    def run_all(self, jobs):
        self.asked += jobs
        return [self.outcome(*job) for job in jobs]

    def outcome(self, name, seed):
        loss = self.losses[name](seed)
        record = SimpleNamespace(loss=loss, status="failed" if loss is None else "ok", candidate=name)
        return Outcome((name,), Path(name), record, None)


def play(finalists, **losses):
    runner = Trains(losses)
    finals = Finals(runner, lambda name, seed: (name, seed), [11, 12, 13], 0.9)
    finals.play(finalists)
    return finals, runner


def test_one_finalist_needs_no_finals():
    finals, runner = play(["a"], a=lambda seed: 0.1)
    assert (runner.asked, finals.best, finals.words()) == ([], None, "")


def test_one_that_is_far_worse_is_out_after_two_seeds():
    finals, runner = play(["a", "b"], a=lambda seed: 0.1 + seed / 1e4, b=lambda seed: 0.2 + seed / 1e4)
    assert runner.asked == [("a", 11), ("b", 11), ("a", 12), ("b", 12)]
    assert finals.best == "a"
    assert finals.words().startswith("mean of 2 seeds 0.101 ± 7.1e-05; better than b (0.201 ± 7.1e-05) with ")


def test_where_two_are_close_they_get_the_seeds_that_there_are():
    finals, runner = play(
        ["a", "b", "c"],
        a=lambda seed: 0.1 * (seed - 10),
        b=lambda seed: 0.11 * (seed - 10),
        c=lambda seed: 90,
    )
    assert runner.asked[-2:] == [("a", 13), ("b", 13)]
    assert len(finals.outcomes) == len(runner.asked) == 8
    assert finals.best == "a"


def test_a_finalist_whose_runs_fail_is_not_the_best():
    finals, _ = play(["a", "b"], a=lambda seed: None, b=lambda seed: 0.2)
    assert finals.best == "b"
    assert finals.words() == "mean of 2 seeds 0.2 ± 0"
