"""One log's public files, in its folder or in an object store, and what is not for the public: ``.state`` in the folder.

There stands what was signed last, apart from the database.
"""

import fcntl
import math
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from services.audit.adapters.folder_files import FolderFiles, in_thread, replace_file
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.tiles import TileName
from services.audit.ports import BusPartition, Fork, PublicFiles
from shared.bounded_files import LARGE, read_bounded_text


class TileFolder:
    """Reads and writes one log's folder; ``files`` are elsewhere, if they are given."""

    def __init__(self, root: Path, *, files: PublicFiles | None = None) -> None:
        self._root = root
        self._own = FolderFiles(root)
        self._files = files or self._own
        self._state = root / ".state"

    async def put(self, files: Mapping[TileName, bytes]) -> None:
        """Write tiles and bundles; return when they and their folders are durable."""
        await self._files.add({name.path: data for name, data in files.items()})

    async def signed(self) -> Checkpoint | None:
        """The largest checkpoint that was, or was about to be, signed."""
        return await in_thread(self._signed)

    async def intend(self, checkpoint: Checkpoint) -> None:
        """Record that this checkpoint is about to be signed."""
        await in_thread(replace_file, self._state / "signed", checkpoint.to_text().encode())

    async def publish(self, note: bytes, positions: Mapping[BusPartition, int]) -> None:
        """Replace the file ``checkpoint`` in one step, and keep beside it how far the bus was read for it."""
        await self._files.replace("checkpoint", note)
        if self._files is not self._own:
            # A copy, by whose age it is seen how old the other is.
            await self._own.replace("checkpoint", note)
        # Only afterwards: older positions than the checkpoint's let records be read again, newer ones lose some.
        lines = "".join(
            f"{topic} {partition} {next_}\n" for (topic, partition), next_ in sorted(positions.items())
        )
        await in_thread(replace_file, self._state / "positions", lines.encode())

    async def positions(self) -> Mapping[BusPartition, int]:
        """How far the bus was read for the checkpoint; empty where that is not known."""
        text = await in_thread(self._positions)
        places = (line.split(" ") for line in text.splitlines())
        return {(topic, int(partition)): int(next_) for topic, partition, next_ in places}

    async def discard(self, names: Sequence[TileName]) -> None:
        """Remove the partial files of tiles that are full now."""
        for name in names:
            await self._files.remove(f"{name.path}.p")

    async def keep_evidence(self, name: str, data: bytes) -> None:
        """Keep what shows a contradiction, as evidence for an operator."""
        await in_thread(replace_file, self._state / "evidence" / name, data)

    async def evidence(self) -> str | None:
        """Where evidence of a contradiction lies, None where there is none."""
        folder = self._state / "evidence"
        return str(folder) if await in_thread(folder.exists) and any(folder.iterdir()) else None

    def checkpoint_age(self) -> float:
        """Seconds since the checkpoint was published; infinite before the first."""
        try:
            return max(0.0, time.time() - (self._root / "checkpoint").stat().st_mtime)
        except FileNotFoundError:
            return math.inf

    async def read(self, path: str) -> bytes | None:
        """The bytes of ``checkpoint`` or of a tile's path, None where there is no such file."""
        return await self._files.read(path)

    def read_now(self, path: str) -> bytes | None:
        """Like `read`, in the caller's thread."""
        return self._files.read_now(path)

    def lock(self) -> int | None:
        """Take the folder for this process: a descriptor to close, None if another process has it."""
        self._state.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._state / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def _positions(self) -> str:
        try:
            return read_bounded_text(self._state / "positions", most=LARGE)
        except FileNotFoundError:
            return ""

    def _signed(self) -> Checkpoint | None:
        try:
            text = read_bounded_text(self._state / "signed", most=LARGE)
        except FileNotFoundError:
            return None
        try:
            return Checkpoint.from_text(text)
        except ProofRefused as refused:
            raise Fork(f"{self._state / 'signed'}: {refused}") from None
