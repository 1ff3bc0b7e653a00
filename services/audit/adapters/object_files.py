"""A log's public files in an object store (S3), written once by a conditional request; ``obstore`` speaks to it."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from services.audit.ports import Fork
from shared.errors import Unavailable

if TYPE_CHECKING:
    from obstore.store import S3Store

_AT_ONCE: Final = 16
_ANSWER_WITHIN: Final = "10s"
_TRIED_WITHIN: Final = timedelta(seconds=20)
_TRIES: Final = 3


class ObjectFiles:
    """The `PublicFiles` below one prefix of a bucket."""

    def __init__(self, url: str, *, region: str, access_key_id: str, secret: str) -> None:
        self._store = _store(url, region=region, access_key_id=access_key_id, secret=secret)
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def add(self, files: Mapping[str, bytes]) -> None:
        adding = (self._add(path, data) for path, data in files.items())
        failed = [each for each in await asyncio.gather(*adding, return_exceptions=True) if each is not None]
        for worst in sorted(failed, key=lambda each: not isinstance(each, Fork)):
            raise worst

    async def replace(self, path: str, data: bytes) -> None:
        with _reaching(path):
            await self._store.put_async(path, data)

    async def remove(self, folder: str) -> None:
        with _reaching(folder):
            async for listed in self._store.list(prefix=folder):
                await self._store.delete_async([found["path"] for found in listed])

    async def read(self, path: str) -> bytes | None:
        try:
            with _reaching(path):
                return bytes(await (await self._store.get_async(path)).bytes_async())
        except FileNotFoundError:
            return None

    def read_now(self, path: str) -> bytes | None:
        try:
            with _reaching(path):
                return bytes(self._store.get(path).bytes())
        except FileNotFoundError:
            return None

    async def _add(self, path: str, data: bytes) -> None:
        from obstore.exceptions import AlreadyExistsError  # noqa: PLC0415 - see `_store`

        async with self._slots:
            try:
                with _reaching(path):
                    await self._store.put_async(path, data, mode="create")
            except AlreadyExistsError:
                if await self.read(path) != data:
                    raise Fork(
                        f"{path} is in the object store already with other bytes; keep it as evidence"
                    ) from None


def _store(url: str, *, region: str, access_key_id: str, secret: str) -> "S3Store":
    # Megabytes that nobody needs whose files lie in a folder.
    from obstore.store import S3Store  # noqa: PLC0415 - see above

    parts = urlsplit(url)
    bucket, _, prefix = parts.path.strip("/").partition("/")
    return S3Store(
        bucket,
        prefix=prefix or None,
        endpoint=f"{parts.scheme}://{parts.netloc}",
        region=region,
        access_key_id=access_key_id,
        secret_access_key=secret,
        client_options={"allow_http": parts.scheme == "http", "timeout": _ANSWER_WITHIN},
        retry_config={"max_retries": _TRIES, "retry_timeout": _TRIED_WITHIN},
    )


@contextmanager
def _reaching(path: str) -> Iterator[None]:
    from obstore.exceptions import AlreadyExistsError, BaseError  # noqa: PLC0415 - see `_store`

    try:
        yield
    except AlreadyExistsError:
        raise
    except BaseError as failed:
        raise Unavailable(f"object store: {type(failed).__name__} ({path})") from failed
