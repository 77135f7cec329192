"""Checkpoints that are whole or not there, whenever the process dies and however full the disk is."""

from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from voxnas.utils.files import write_bytes


class WholeCheckpoints(TorchCheckpointIO):
    """Writes beside the checkpoint and renames.

    Lightning writes to the system's folder for temporary files, from where a file that has to cross over to
    another disk arrives piece by piece, and stays behind if the process is killed.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        """Raises OSError if there is no room; what was there before is still there then."""
        content = BytesIO()  # PyTorch's own writing to a full disk ends in a RuntimeError without a reason
        torch.save(checkpoint, content)
        write_bytes(Path(path), content.getbuffer())
