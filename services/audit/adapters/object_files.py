"""A log's public files in an object store (S3), each tile written once."""

import asyncio
from collections.abc import Mapping
from typing import Final

from services.audit.ports import Fork
from shared.object_store import ObjectStore

_AT_ONCE: Final = 16


class ObjectFiles:
    """The `PublicFiles` below one prefix of a bucket."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def add(self, files: Mapping[str, bytes]) -> None:
        adding = (self._add(path, data) for path, data in files.items())
        failed = [each for each in await asyncio.gather(*adding, return_exceptions=True) if each is not None]
        for worst in sorted(failed, key=lambda each: not isinstance(each, Fork)):
            raise worst

    async def replace(self, path: str, data: bytes) -> None:
        await self._store.replace(path, data)

    async def remove(self, folder: str) -> None:
        await self._store.remove(folder)

    async def read(self, path: str) -> bytes | None:
        return await self._store.read(path)

    def read_now(self, path: str) -> bytes | None:
        return self._store.read_now(path)

    async def _add(self, path: str, data: bytes) -> None:
        async with self._slots:
            if not await self._store.create(path, data) and await self.read(path) != data:
                raise Fork(f"{path} is in the object store already with other bytes; keep it as evidence")
