"""Time-stamped checkpoints as files: ``<day>/checkpoint`` and ``<day>/response.tsr``, for ``openssl ts`` too."""

import asyncio
import os
import shutil
import time
from bisect import bisect_left
from datetime import date
from pathlib import Path

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.note import Note
from services.audit.domain.timestamp import Stamped
from shared.bounded_files import LARGE, read_bounded
from shared.errors import Unavailable

_CHECKPOINT = "checkpoint"
_RESPONSE = "response.tsr"


class StampFolder:
    """One folder a day, which appears with both files or not at all. Blocking work runs in a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def of(self, day: date) -> Stamped | None:
        """That day's time stamp."""
        return await asyncio.to_thread(self._read, str(day))

    async def keep(self, day: date, stamped: Stamped) -> None:
        """Keep the day's time stamp; the first one stays.

        Raises:
            Unavailable: it cannot be written.
        """
        try:
            await asyncio.to_thread(self._keep, str(day), stamped)
        except OSError as failed:
            raise Unavailable(f"time stamps: {failed.strerror} ({failed.filename})") from failed

    async def covering(self, index: int) -> Stamped | None:
        """The earliest that covers the entry of this index; the latest where none does yet; None without any."""
        return await asyncio.to_thread(self._covering, index)

    async def latest(self) -> Stamped | None:
        """The youngest, None without any."""
        return await asyncio.to_thread(lambda: self._read(days[-1]) if (days := self._days()) else None)

    def age(self) -> float:
        """Seconds since the latest time stamp was kept; infinite without any."""
        days = self._days()
        return time.time() - (self._root / days[-1] / _RESPONSE).stat().st_mtime if days else float("inf")

    def _covering(self, index: int) -> Stamped | None:
        days = self._days()
        if not days:
            return None
        # The tree only grows: the days are in the order of their sizes.
        found = bisect_left(days, index + 1, key=self._size)
        return self._read(days[min(found, len(days) - 1)])

    def _size(self, day: str) -> int:
        note = read_bounded(self._root / day / _CHECKPOINT, most=LARGE)
        return Checkpoint.from_text(Note.from_bytes(note).text).size

    def _days(self) -> list[str]:
        try:
            return sorted(each.name for each in self._root.iterdir() if not each.name.startswith("."))
        except FileNotFoundError:
            return []

    def _read(self, day: str) -> Stamped | None:
        folder = self._root / day
        try:
            return Stamped(
                read_bounded(folder / _CHECKPOINT, most=LARGE), read_bounded(folder / _RESPONSE, most=LARGE)
            )
        except FileNotFoundError:
            return None

    def _keep(self, day: str, stamped: Stamped) -> None:
        beside = self._root / f".{day}.{os.getpid()}.new"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        for name, data in ((_CHECKPOINT, stamped.note), (_RESPONSE, stamped.response)):
            with (beside / name).open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        _sync(beside)
        try:
            beside.rename(self._root / day)
        except OSError:
            # Another replica was first; a folder that is not empty is never replaced.
            shutil.rmtree(beside)
            if not (self._root / day).is_dir():
                raise
        _sync(self._root)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
