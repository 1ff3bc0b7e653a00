"""Files below one prefix of a bucket in an object store (S3), written whole or not at all; ``obstore`` speaks to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from shared.errors import Unavailable
from shared.settings import ObjectStoreConnection, read_secret

if TYPE_CHECKING:
    from obstore.store import S3Store

_ANSWER_WITHIN: Final = "10s"
_TRIED_WITHIN: Final = timedelta(seconds=20)
_TRIES: Final = 3


class ObjectStore:
    """One prefix of a bucket. Each method raises `Unavailable` while the store is away or refuses us."""

    def __init__(self, url: str, *, region: str, access_key_id: str, secret: str) -> None:
        self._store = _store(url, region=region, access_key_id=access_key_id, secret=secret)

    @classmethod
    def of(cls, connection: ObjectStoreConnection) -> Self:
        """Read the key and open nothing yet."""
        return cls(
            str(connection.url),
            region=connection.region,
            access_key_id=connection.access_key_id,
            secret=read_secret(connection.secret_key_file),
        )

    async def create(self, path: str, data: bytes) -> bool:
        """Write a new file by a conditional request; False where one lies there already, which stays as it is."""
        from obstore.exceptions import AlreadyExistsError  # noqa: PLC0415 - see `_store`

        try:
            with _reaching(path):
                await self._store.put_async(path, data, mode="create")
        except AlreadyExistsError:
            return False
        return True

    async def replace(self, path: str, data: bytes) -> None:
        """Write a file, whatever lay there."""
        with _reaching(path):
            await self._store.put_async(path, data)

    async def remove(self, folder: str) -> None:
        """Delete what lies below this path."""
        with _reaching(folder):
            async for listed in self._store.list(prefix=folder):
                await self._store.delete_async([found["path"] for found in listed])

    async def read(self, path: str) -> bytes | None:
        """Return the file, or None where there is none."""
        with _reaching(path):
            try:
                return bytes(await (await self._store.get_async(path)).bytes_async())
            except FileNotFoundError:
                return None

    def read_now(self, path: str) -> bytes | None:
        """Return the file, or None where there is none; for threads of one's own."""
        with _reaching(path):
            try:
                return bytes(self._store.get(path).bytes())
            except FileNotFoundError:
                return None


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
    except (BaseError, FileNotFoundError) as failed:  # the latter where the bucket itself is missing
        raise Unavailable(f"object store: {type(failed).__name__} ({path})") from failed
