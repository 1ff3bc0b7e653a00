"""The export as one stream (tar): parts of the log one after the other, then the manifest and its signature."""

import asyncio
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from io import BytesIO
from typing import Final

from services.audit.adapters.exports.forms import WRITE
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import to_base64
from services.audit.domain.export import (
    CHECKPOINT,
    MANIFEST,
    SIGNATURE,
    ExportedFile,
    ExportRow,
    Form,
    Manifest,
    sign_manifest,
)
from services.audit.domain.keys import SigningKey

PART: Final = 20_000
"""Rows in a file; bounds the memory."""

_END: Final = bytes(2 * tarfile.BLOCKSIZE)

Rows = Callable[[int, int], Awaitable[Sequence[ExportRow]]]
"""The rows from one index to before another."""


async def export(
    rows: Rows,
    *,
    form: Form,
    note: bytes,
    tree: Checkpoint,
    look: int,
    at: datetime,
    keys: Sequence[SigningKey],
    part: int = PART,
) -> AsyncIterator[bytes]:
    """Yield the bytes of the archive of all entries of the tree. A stream that breaks off has no manifest."""
    files: list[ExportedFile] = []
    for number, start in enumerate(range(0, tree.size, part)):
        chosen = await rows(start, min(start + part, tree.size))
        data = await asyncio.to_thread(WRITE[form], chosen)
        name = f"entries-{number:06d}.{form}"
        files.append(ExportedFile.of(name, data, rows=len(chosen)))
        yield _member(name, data, at)
    files.append(ExportedFile.of(CHECKPOINT, note))
    yield _member(CHECKPOINT, note, at)
    manifest = Manifest(
        origin=tree.origin,
        size=tree.size,
        root=to_base64(tree.root),
        look=look,
        made_at=at,
        files=tuple(files),
    ).to_bytes()
    yield _member(MANIFEST, manifest, at)
    yield _member(SIGNATURE, sign_manifest(manifest, origin=tree.origin, keys=keys), at)
    yield _END


def _member(name: str, data: bytes, at: datetime) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(data), int(at.timestamp()), 0o440
    file = BytesIO()
    file.write(info.tobuf(tarfile.USTAR_FORMAT))
    file.write(data)
    file.write(bytes(-len(data) % tarfile.BLOCKSIZE))
    return file.getvalue()
