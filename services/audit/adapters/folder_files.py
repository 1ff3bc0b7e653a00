"""A log's public files in a folder, as any web server can serve them: written once, durable, never partial."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import ParamSpec, TypeVar

from services.audit.ports import Fork
from shared.bounded_files import LARGE, read_bounded
from shared.errors import Unavailable

_READ_ONLY = 0o444
P = ParamSpec("P")
T = TypeVar("T")


class FolderFiles:
    """The `PublicFiles` below one folder. Blocking work runs in a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def add(self, files: Mapping[str, bytes]) -> None:
        await in_thread(self._add, {self._root / path: data for path, data in files.items()})

    async def replace(self, path: str, data: bytes) -> None:
        await in_thread(replace_file, self._root / path, data)

    async def remove(self, folder: str) -> None:
        await in_thread(shutil.rmtree, self._root / folder, ignore_errors=True)

    async def read(self, path: str) -> bytes | None:
        return await in_thread(self.read_now, path)

    def read_now(self, path: str) -> bytes | None:
        try:
            return read_bounded(self._root / path, most=LARGE)
        except FileNotFoundError:
            return None

    def _add(self, files: Mapping[Path, bytes]) -> None:
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


async def in_thread(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Do blocking work on files.

    Raises:
        Unavailable: it failed; the reason names the file.
    """
    try:
        return await asyncio.to_thread(work, *arguments, **named)
    except OSError as failed:
        raise Unavailable(f"tile folder: {failed.strerror} ({failed.filename})") from failed


def replace_file(path: Path, data: bytes) -> None:
    """Write a file, or replace it in one step; it is durable afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_beside(path, data).rename(path)
    _sync_folder(path.parent)


def _is_there(path: Path, data: bytes) -> bool:
    try:
        found = read_bounded(path, most=LARGE)
    except FileNotFoundError:
        return False
    if found != data:
        raise Fork(f"{path} is there already with other bytes; keep it as evidence")
    return True


def _write_beside(path: Path, data: bytes) -> Path:
    """Write and sync under a name that is not served; what an earlier crash left there is replaced."""
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
