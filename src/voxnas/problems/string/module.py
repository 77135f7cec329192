"""LightningModule of a string: one sample ahead, then generations of feedback; free runs decide."""

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor, nn

from voxnas.models.strings.net import StringNet
from voxnas.problems.string.data.datamodule import Batch, StringDecay
from voxnas.problems.string.data.note import Note
from voxnas.problems.string.exciter import find_start
from voxnas.problems.string.feedback import Feedback
from voxnas.problems.string.free_run import free_run, kind_of_start, starts_of
from voxnas.problems.string.judge import judge
from voxnas.problems.string.loop_fit import LoopFit
from voxnas.training.module import OptimizerFactory, TrainingModule
from voxnas.training.schedules import Schedule
from voxnas.utils.errors import Unfit

LED_PERIODS = 1.0  # through which a recorded string's states are led before it runs
LISTENED_S = 10.0  # of a free run at least
FITTED_PERIODS = 16  # at least, of a segment whose start is fitted …
FITTED = 8  # … by so many steps of conjugate gradients to a segment's start


class StringModule(TrainingModule):
    """Trains a string on segments of notes; `val/score` is of free runs.

    Args:
        network: what is trained; it follows the data.
        data: its notes.
        loss: `(segments, samples)` twice to a scalar.
        optimizer, schedule: see `TrainingModule`.
        feedback: how many generations a step runs through, and when.
        loop_fit: what fits the linear part to the notes' modes before training; None for nothing.
    """

    def __init__(
        self,
        network: StringNet,
        data: StringDecay,
        loss: nn.Module,
        optimizer: OptimizerFactory,
        schedule: Schedule,
        feedback: Feedback,
        loop_fit: LoopFit | None = None,
    ) -> None:
        super().__init__(network, loss, optimizer, schedule)
        self.network: StringNet
        self.data, self.feedback, self.loop_fit = data, feedback, loop_fit
        self.sample_rate = data.sample_rate
        self._begins, self._is_fitted = True, False
        self._known: dict[str, Tensor] = {}  # starts by note, from one epoch to the next

    def start_from(self, state_dict: Mapping[str, Tensor]) -> None:
        super().start_from(state_dict)
        self._begins = False

    def on_fit_start(self) -> None:
        super().on_fit_start()
        if self.loop_fit is not None and self._begins and self.trainer.current_epoch == 0:
            self._is_fitted = True
            self.loop_fit(self.network, self.data.parts()[0])

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        super().on_train_batch_start(batch, batch_idx)
        if self._is_fitted and self.trainer.current_epoch == 0:  # what the fit alone is worth is kept, too
            for group in self.optimizers().param_groups:  # type: ignore[union-attr]
                group["lr"] = 0.0

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:  # type: ignore[override]
        number, places, signs = batch
        note = self.data.parts()[0][int(number)]
        generations = self.feedback.at(self.progress())
        output, target = self.run_segments(note, places.numpy(), signs, generations)
        loss = self.loss(output, target)
        if not bool(loss.isfinite()):
            raise Unfit(f"the string blows up in training, through {generations} generations of feedback")
        self._losses.append(loss.detach())
        return loss

    def run_segments(
        self, note: Note, places: np.ndarray, signs: Tensor, generations: int
    ) -> tuple[Tensor, Tensor]:
        """What the network makes of segments and what they are, `(segments, samples)` each.

        `places`: where they begin, of 0 to 1 of what the note has room for.
        """
        history = self.network.at(note.period).history
        fits = kind_of_start(self.network, note) == "fitted"
        led = 0 if fits else round(LED_PERIODS * note.period) * self.network.is_passive
        steps = round(generations * note.period) if generations else self.feedback.one_step
        steps = max(steps, round(FITTED_PERIODS * note.period)) if fits else steps
        samples = len(note.samples)
        if self.data.most_seconds is not None:
            samples = min(samples, round(self.data.most_seconds * note.sample_rate))
        steps = max(1, min(steps, (samples - history - led) // 2))  # a note may be shorter
        size = history + led + steps
        begins = (places * (samples - size)).astype(int)
        whole = torch.from_numpy(np.stack([note.samples[b : b + size] for b in begins])).float()
        whole = whole * signs.unsqueeze(1)
        onset = torch.tensor([[float(note.levels[0]), float(b)] for b in begins])
        if fits:
            target = whole[:, history:]
            start = find_start(self.network, target, note.period, steps=FITTED)
            return self.network(start, steps, note.period, onset=onset).sum(1), target
        start, rest = whole[:, None, :history], whole[:, None, history:]
        forced = led if generations else led + steps
        said = self.network(start, led + steps, note.period, rest, forced, onset)[:, 0]
        return said[:, led:], rest[:, 0, led:]

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        if self.feedback.clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.feedback.clip)
        for weight in self.network.parameters():
            if weight.grad is not None:
                torch.nan_to_num_(weight.grad, 0.0, 0.0, 0.0)

    def on_validation_epoch_start(self) -> None:
        self._scores: list[float] = []

    def validation_step(self, number: int, batch_idx: int) -> None:
        note = self.data.parts()[1][int(number)]
        self._scores.append(judge(self.free_run(note), note).envelope_db)

    def on_validation_epoch_end(self) -> None:
        self.log_score(float(np.mean(self._scores)))

    def on_test_epoch_start(self) -> None:
        self._figures: list[dict[str, float]] = []

    def test_step(self, number: int, batch_idx: int) -> None:
        note = self.data.parts()[2][int(number)]
        sound = self.free_run(note)
        if not np.isfinite(sound).all():
            rate = note.sample_rate
            raise Unfit(f"the string blows up {np.argmin(np.isfinite(sound)) / rate:.2f} s into a free run")
        self._figures.append(asdict(judge(sound, note)))

    def on_test_epoch_end(self) -> None:
        for name in self._figures[0] if self._figures else ():
            self.log(f"test/{name}", float(np.mean([figures[name] for figures in self._figures])))

    def free_run(self, note: Note) -> np.ndarray:
        """The note by the network alone, for as long as it rings, and ten seconds at least."""
        kind = kind_of_start(self.network, note)
        start = starts_of(self.network, note, kind, self._known.get(note.name))
        if kind == "fitted":
            self._known[note.name] = start
        size = max(len(note.samples), round(LISTENED_S * note.sample_rate))
        return free_run(self.network, note, size, kind=kind, start=start)
