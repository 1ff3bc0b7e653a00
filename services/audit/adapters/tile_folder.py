"""The log's files in a folder, as any web server can serve them: write once, durable, never half.

``.state`` beside them is not for the public: there stands what was signed last, apart from the database.
"""

import asyncio
import fcntl
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.tiles import TileName
from services.audit.ports import BusPartition, Fork
from shared.errors import Unavailable

_READ_ONLY = 0o444
P = ParamSpec("P")
T = TypeVar("T")


class TileFolder:
    """Reads and writes one log's folder. Blocking work runs in a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._state = root / ".state"

    async def put(self, files: Mapping[TileName, bytes]) -> None:
        """Write tiles and bundles; return when they and their folders are durable."""
        await _in_thread(self._put, {self._root / name.path: data for name, data in files.items()})

    async def signed(self) -> Checkpoint | None:
        """The largest checkpoint that was, or was about to be, signed."""
        return await _in_thread(self._signed)

    async def intend(self, checkpoint: Checkpoint) -> None:
        """Record that this checkpoint is about to be signed."""
        await _in_thread(_replace, self._state / "signed", checkpoint.to_text().encode())

    async def publish(self, note: bytes, positions: Mapping[BusPartition, int]) -> None:
        """Replace the file ``checkpoint`` in one step, and keep beside it how far the bus was read for it."""
        await _in_thread(_replace, self._root / "checkpoint", note)
        # Only afterwards: older positions than the checkpoint's let records be read again, newer ones lose some.
        lines = "".join(
            f"{topic} {partition} {next_}\n" for (topic, partition), next_ in sorted(positions.items())
        )
        await _in_thread(_replace, self._state / "positions", lines.encode())

    async def positions(self) -> Mapping[BusPartition, int]:
        """How far the bus was read for the checkpoint; empty where that is not known."""
        text = await _in_thread(self._positions)
        places = (line.split(" ") for line in text.splitlines())
        return {(topic, int(partition)): int(next_) for topic, partition, next_ in places}

    async def discard(self, names: Sequence[TileName]) -> None:
        """Remove the partial files of tiles that are full now."""
        for name in names:
            await _in_thread(shutil.rmtree, self._root / f"{name.path}.p", ignore_errors=True)

    async def keep_evidence(self, name: str, data: bytes) -> None:
        """Keep what shows a contradiction, for the person who has to find out why."""
        await _in_thread(_replace, self._state / "evidence" / name, data)

    async def evidence(self) -> str | None:
        """Where evidence of a contradiction lies, None where there is none."""
        folder = self._state / "evidence"
        return str(folder) if await _in_thread(folder.exists) and any(folder.iterdir()) else None

    def checkpoint_age(self) -> float:
        """Seconds since the checkpoint was published; infinite before the first."""
        try:
            return max(0.0, time.time() - (self._root / "checkpoint").stat().st_mtime)
        except FileNotFoundError:
            return math.inf

    async def read(self, path: str) -> bytes | None:
        """The bytes of ``checkpoint`` or of a tile's path, None where there is no such file."""
        return await _in_thread(self.read_now, path)

    def read_now(self, path: str) -> bytes | None:
        """Like `read`, in the caller's thread."""
        try:
            return (self._root / path).read_bytes()
        except FileNotFoundError:
            return None

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

    def _put(self, files: Mapping[Path, bytes]) -> None:
        folders: set[Path] = set()
        written: list[tuple[Path, Path]] = []
        try:
            for path, data in files.items():
                # A file that is there may not be durable yet: we may have died before the folder was synced.
                folders.update(_up_to(self._root, path.parent))
                if not _is_there(path, data):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    written.append((_write_beside(path, data), path))
            for beside, path in written:
                beside.rename(path)
        except OSError:
            for beside, _ in written:
                beside.unlink(missing_ok=True)
            raise
        for folder in folders:
            _sync_folder(folder)

    def _positions(self) -> str:
        try:
            return (self._state / "positions").read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def _signed(self) -> Checkpoint | None:
        try:
            text = (self._state / "signed").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            return Checkpoint.from_text(text)
        except ProofRefused as refused:
            raise Fork(f"{self._state / 'signed'}: {refused}") from None


async def _in_thread(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    try:
        return await asyncio.to_thread(work, *arguments, **named)
    except OSError as failed:
        raise Unavailable(f"tile folder: {failed.strerror} ({failed.filename})") from failed


def _is_there(path: Path, data: bytes) -> bool:
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return False
    if found != data:
        raise Fork(f"{path} is there already with other bytes; keep it as evidence")
    return True


def _write_beside(path: Path, data: bytes) -> Path:
    """Write and sync under a name that nobody is served; what an earlier crash left there is replaced."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _READ_ONLY)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(data)
        os.fsync(descriptor)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    return beside


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_beside(path, data).rename(path)
    _sync_folder(path.parent)


def _up_to(root: Path, folder: Path) -> Iterator[Path]:
    yield root
    while folder != root:
        yield folder
        folder = folder.parent


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
