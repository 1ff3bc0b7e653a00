"""A log's files, checked from the first entry to the root, for whoever wants to look at the entries meanwhile."""

from collections.abc import Iterator
from pathlib import Path

from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.fsck import InspectionProgress, inspect_files
from services.audit.domain.policy import Policy, open_checkpoint
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.tiles import TileName


def inspect_folder(
    tiles: Path, policy: Policy, *, intended: Checkpoint | None = None
) -> tuple[Checkpoint, Iterator[InspectionProgress]]:
    """The folder's checkpoint, and the check of all files against it, bundle by bundle.

    ``intended``: what the log was about to sign; where that is more, it counts instead of the checkpoint, since a
    witness may have seen it.

    Raises:
        Refused: something is missing, altered or not signed as the policy asks; also while iterating.
    """
    folder = TileFolder(tiles)

    def read(name: TileName) -> bytes:
        data = folder.read_now(name.path) or folder.read_now(TileName(name.level, name.index).path)
        if data is None:
            raise ProofRefused(f"{name.path} is missing")
        return data

    note = folder.read_now("checkpoint")
    if note is None:
        raise ProofRefused(f"{tiles / 'checkpoint'} is missing")
    checkpoint = open_checkpoint(note, policy)
    if intended is not None and intended.origin == checkpoint.origin and intended.size > checkpoint.size:
        checkpoint = intended
    return checkpoint, inspect_files(read, checkpoint)
