"""LightningDataModule of one device at several settings."""

from collections.abc import Callable, Sequence
from typing import Any

import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader

from voxnas.models.base import StreamingNetwork
from voxnas.problems.amp.data.amp_pair import Recording
from voxnas.problems.amp.data.datamodule import PairDataModule
from voxnas.problems.amp.data.knobs.batches import KnobBatch, KnobPieces, KnobSegments, KnobStarts
from voxnas.problems.amp.data.knobs.held_out import nearest_to_the_middle
from voxnas.problems.amp.data.knobs.recordings import KnobRecordings
from voxnas.problems.amp.data.knobs.table import Row, Table
from voxnas.problems.amp.data.peaks import Peaks, section_peaks
from voxnas.problems.amp.data.sections import require_length
from voxnas.problems.amp.data.segments import Segments
from voxnas.utils.errors import InputError

Loader = DataLoader[KnobBatch]
MOST_SEGMENTS = 4  # times those that suit the network, in a step


class KnobsDataModule(PairDataModule):
    """Feeds recordings of a table: shuffled segments of the settings that train, whole sections of all.

    Unless a batch size is given, a step hears a segment of every setting, up to four times what suits the
    network: after the same audio the ESR is lower than from steps of a few segments at random.

    A network that it is adapted to follows the table's controls, which are at rest at the trained setting
    nearest to the middle. That setting is also `recording`, which measures of a single one are taken at.

    Args:
        table: of the settings.
        load: reads and checks a table's recordings; called once, and only when samples are wanted.
        held_out: the rows that train nothing.
        sample_rate, segment_length, batch_size, seed: see `PairDataModule`.
    """

    def __init__(
        self,
        table: Table,
        load: Callable[[Table, Sequence[Row]], KnobRecordings],
        sample_rate: int,
        held_out: Sequence[Row] = (),
        segment_length: int | None = None,
        batch_size: int | None = None,
        seed: int = 0,
    ) -> None:
        self.resting = nearest_to_the_middle(table, [row for row in table.rows if row not in held_out])
        self.table, self.held_out = table.resting_at(self.resting), tuple(held_out)
        self._load_all = load
        self._recordings: KnobRecordings | None = None
        super().__init__(self._load_resting, sample_rate, segment_length, batch_size, seed)

    def adapt(self, network: StreamingNetwork) -> None:
        """As of a pair; the network follows the table's controls. InputError if it cannot follow any."""
        super().adapt(network)
        if self._given[1] is None:
            settings = len(self.table.rows) - len(self.held_out)
            self.batch_size = min(max(self.batch_size, settings), MOST_SEGMENTS * self.batch_size)
        if network.controls != self.table.controls:
            network.follow(self.table.controls)

    def describe(self) -> dict[str, Any]:
        """Files, panel, settings and sections, for the record; reads the recordings."""
        found = self.recordings
        return {
            **super().describe(),
            "fingerprint": found.fingerprint,
            "controls": [control.as_values() for control in self.table.controls],
            "settings": [
                {
                    "target": row.target,
                    "setting": dict(row.setting),
                    "held_out": place in found.held_out,
                    "delay_samples": found.recordings[place].pair.delay_samples,
                }
                for place, row in enumerate(self.table.rows)
            ],
        }

    def figures(self) -> dict[str, float]:
        """The mean of the settings' noise floors, where all can be told."""
        floors = [self.recordings.recordings[place].noise_floor for place in self.recordings.trained]
        known = [floor for floor in floors if floor is not None]
        return {"noise_floor_esr": sum(known) / len(known)} if len(known) == len(floors) else {}

    def peaks(self) -> Peaks:
        """The loudest of all settings that train, and of the amp's answer; reads the recordings."""
        found = self.recordings
        return section_peaks([found.recordings[place] for place in found.trained])

    def bilevel(self, choice_share: float, choice_batch_size: int | None) -> pl.LightningDataModule:
        raise InputError(
            "a differentiable search takes one setting: data=amp_pair; search=ladder takes knobs"
        )

    @property
    def recordings(self) -> KnobRecordings:
        """All recordings, read on first use. Raises InputErrors where some cannot be trained on."""
        if self._recordings is None:
            found = self._load_all(self.table, self.held_out)
            for recording in found.recordings:
                require_length(recording.sections, self.segment_length)
            self._recordings = found
        return self._recordings

    def label(self, place: int) -> str:
        """The setting of a place in a few words."""
        return self.table.rows[place].label

    def _load_resting(self) -> Recording:
        return self.recordings.recordings[self.table.rows.index(self.resting)]

    def _segments_of_all(self) -> KnobSegments:
        found = self.recordings
        every = [self._cut(recording) for recording in found.recordings]
        return KnobSegments(every, torch.from_numpy(found.heard), torch.from_numpy(found.gains))

    def _cut(self, recording: Recording) -> Segments:
        source, target = torch.from_numpy(recording.pair.input), torch.from_numpy(recording.pair.target)
        return Segments(source, target, self.segment_length, self.receptive_field - 1, self.delay_samples)

    def _spans(self, section: str, places: Sequence[int]) -> dict[int, tuple[int, int]]:
        found = self.recordings.recordings
        return {place: getattr(found[place].sections, section) for place in places}

    def train_dataloader(self) -> Loader:  # type: ignore[override]
        spans = self._spans("train", self.recordings.trained)
        starts = KnobStarts(spans, self.segment_length, self.batch_size, self.seed)
        return DataLoader(self._segments_of_all(), sampler=starts, batch_size=None)

    def val_dataloader(self) -> Loader:  # type: ignore[override]
        """The validation sections of the settings that train."""
        return self.pieces("val", self.recordings.trained)

    def test_dataloader(self) -> Loader:  # type: ignore[override]
        """The test sections of all settings, those kept back too."""
        return self.pieces("test", range(len(self.table.rows)))

    def pieces(self, section: str, places: Sequence[int]) -> Loader:
        """A section, "train", "val" or "test", of the settings at these places, from end to end."""
        pieces = KnobPieces(self._segments_of_all(), self._spans(section, places), self.piece_length)
        return DataLoader(pieces, batch_size=None)
