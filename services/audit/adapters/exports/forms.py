"""Rows as bytes: one JSON object a line, or Parquet. Both have the same columns."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any, Final

import orjson
from arro3.core import Array, DataType, Field, RecordBatch, Schema
from arro3.io import read_parquet, write_parquet

from services.audit.domain.encoding import from_base64
from services.audit.domain.export import ExportRow, Form
from services.audit.domain.proof_refused import ProofRefused

_TEXT, _NUMBER, _BYTES = DataType.string(), DataType.int64(), DataType.binary()

_LEAF: Final = (
    "id", "type", "time", "source", "case", "authority", "service", "commitment",
)  # fmt: skip

COLUMNS: Final = {
    "index": _NUMBER,
    **dict.fromkeys(_LEAF, _TEXT),
    "payload": _TEXT,
    "salt": _BYTES,
    "entry": _BYTES,
}
"""The columns of a Parquet file. In JSON Lines bytes are base64 and absent values are left out."""

Opened = tuple[int, bytes, bytes | None, bytes | None]
"""Index, entry, salt, payload."""


def to_json_lines(rows: Sequence[ExportRow]) -> bytes:
    """One JSON object a line."""
    return b"".join(
        orjson.dumps({k: v for k, v in _json(row).items() if v is not None}, option=orjson.OPT_APPEND_NEWLINE)
        for row in rows
    )


def to_parquet(rows: Sequence[ExportRow]) -> bytes:
    """A Parquet file of one row group, compressed with Zstandard."""
    plain = [_plain(row) for row in rows]
    arrays = [Array([row[name] for row in plain], kind) for name, kind in COLUMNS.items()]
    schema = Schema([Field(name, kind) for name, kind in COLUMNS.items()])
    file = BytesIO()
    write_parquet(RecordBatch.from_arrays(arrays, schema=schema), file, compression="zstd(3)")
    return file.getvalue()


WRITE: Final[Mapping[Form, Callable[[Sequence[ExportRow]], bytes]]] = {
    "jsonl": to_json_lines,
    "parquet": to_parquet,
}


def read_rows(name: str, data: bytes) -> Iterator[Opened]:
    """The rows of a file that `WRITE` made.

    Raises:
        ProofRefused: it is not one.
    """
    try:
        yield from _from_parquet(data) if name.endswith(".parquet") else _from_json_lines(data)
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, ProofRefused):
            raise
        raise ProofRefused(f"{name}: not a file of an export") from error


def _from_json_lines(data: bytes) -> Iterator[Opened]:
    for line in data.splitlines():
        row = orjson.loads(line)
        salt, payload = row.get("salt"), row.get("payload")
        yield (
            row["index"],
            from_base64(row["entry"], "entry"),
            None if salt is None else from_base64(salt, "salt"),
            None if payload is None else payload.encode(),
        )


def _from_parquet(data: bytes) -> Iterator[Opened]:
    for batch in read_parquet(BytesIO(data)):
        columns = [batch.column(name) for name in ("index", "entry", "salt", "payload")]
        for index, entry, salt, payload in zip(*columns, strict=True):
            text = payload.as_py()
            yield index.as_py(), entry.as_py(), salt.as_py(), None if text is None else text.encode()


def _plain(row: ExportRow) -> dict[str, Any]:
    said = {name: getattr(row.leaf, name) for name in _LEAF}
    return {
        "index": row.index,
        **said,
        "payload": None if row.payload is None else row.payload.decode(),
        "salt": row.salt,
        "entry": row.entry,
    }


def _json(row: ExportRow) -> dict[str, Any]:
    plain = _plain(row)
    salt = plain["salt"]
    return plain | {
        "salt": None if salt is None else b64encode(salt).decode(),
        "entry": b64encode(row.entry).decode(),
    }
