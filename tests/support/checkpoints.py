"""When a published checkpoint first covered each size, as a reader of the file sees it."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.note import Note


class Checkpoints:
    """Notes when each size was first covered by a published checkpoint."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] = (0, 0)
        self.covered: list[tuple[float, int]] = []

    async def watch(self, until: int) -> None:
        """Look every two milliseconds until this size is covered."""
        while not self.covered or self.covered[-1][1] < until:
            await asyncio.sleep(0.002)
            with suppress(FileNotFoundError):
                found = self._file.stat()
                if (found.st_ino, found.st_mtime_ns) != self._seen:
                    self._seen = (found.st_ino, found.st_mtime_ns)
                    text = Note.from_bytes(self._file.read_bytes()).text
                    self.covered.append((time.perf_counter(), Checkpoint.from_text(text).size))
