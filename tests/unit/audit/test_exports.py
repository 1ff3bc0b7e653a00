"""An export is whole or refused: every file, every entry, every payload."""

from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from tarfile import TarError, TarFile, TarInfo

import pytest

from amtsweg.audit.export import check_export, unpack
from services.audit.adapters.exports import archive
from services.audit.adapters.exports.forms import WRITE, read_rows
from services.audit.domain.append import LogState, append
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.export import (
    MANIFEST,
    SIGNATURE,
    ExportedFile,
    ExportRow,
    Form,
    Manifest,
    sign_manifest,
)
from services.audit.domain.keys import SignatureType, SigningKey
from services.audit.domain.merkle import CompactRange
from services.audit.domain.note import sign
from services.audit.domain.policy import log_only
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.pseudonyms import Opening
from tests.support.audit import LOG_KEY, LOG_KEY_PQ, NOW, ORIGIN, SECRECY, fact

POLICY = log_only(LOG_KEY.verifier)
ENTRIES = 70


@cache
def log() -> tuple[Checkpoint, Sequence[ExportRow]]:
    """Seventy entries, of which the tenth has been erased."""
    facts = [fact(n) for n in range(ENTRIES)]
    done = append(facts, LogState(CompactRange(), frozenset(), {}), secrecy=SECRECY, random_bytes=bytes)
    rows = [
        ExportRow.of(e.index, e.entry, None if e.index == 10 else Opening(bytes(32), f.payload))
        for e, f in zip(done.entries, facts, strict=True)
    ]
    return Checkpoint(ORIGIN, ENTRIES, done.frontier.root()), rows


async def exported(form: Form, folder: Path) -> Path:
    tree, rows = log()

    async def between(start: int, end: int) -> Sequence[ExportRow]:
        return rows[start:end]

    keys = [LOG_KEY, LOG_KEY_PQ]
    note = sign(tree.to_text(), keys, time=0).to_bytes()
    stream = archive.export(between, form=form, note=note, tree=tree, look=99, at=NOW, keys=keys, part=30)
    data = b"".join([chunk async for chunk in stream])
    for _ in unpack(TarFile(fileobj=BytesIO(data)), folder):
        pass
    return folder


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
async def test_an_export_is_whole(form: Form, tmp_path: Path) -> None:
    manifest, opened = check_export(await exported(form, tmp_path), POLICY)
    assert (manifest.size, manifest.look, opened) == (ENTRIES, 99, ENTRIES - 1)
    assert [file.rows for file in manifest.files] == [30, 30, 10, 0]


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_what_is_written_reads_back(form: Form) -> None:
    _, rows = log()
    read = list(read_rows(f"entries.{form}", WRITE[form](rows)))
    assert read == [(row.index, row.entry, row.salt, row.payload) for row in rows]


def flip(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)


def last_part_lost(folder: Path) -> None:
    (folder / "entries-000002.jsonl").unlink()


def entry_altered(folder: Path) -> None:
    flip(folder, "entries-000001.jsonl")


def manifest_altered(folder: Path) -> None:
    flip(folder, MANIFEST)


def signed_by_somebody_else(folder: Path) -> None:
    stranger = SigningKey(ORIGIN, SignatureType.ED25519, bytes(32))
    note = sign_manifest((folder / MANIFEST).read_bytes(), origin=ORIGIN, keys=[stranger])
    (folder / SIGNATURE).write_bytes(note)


def row_dropped_and_manifest_signed_again(folder: Path) -> None:
    """As the log's own operator could."""
    part = folder / "entries-000001.jsonl"
    lines = part.read_bytes().splitlines(keepends=True)
    _resign(folder, part, b"".join(lines[:5] + lines[6:]))


def payload_altered_and_manifest_signed_again(folder: Path) -> None:
    part = folder / "entries-000001.jsonl"
    _resign(folder, part, part.read_bytes().replace(b'\\"number\\":35', b'\\"number\\":36'))


def _resign(folder: Path, part: Path, data: bytes) -> None:
    part.write_bytes(data)
    manifest = Manifest.from_bytes((folder / MANIFEST).read_bytes())
    files = tuple(
        ExportedFile.of(f.name, data, rows=f.rows) if f.name == part.name else f for f in manifest.files
    )
    altered = manifest.model_copy(update={"files": files}).to_bytes()
    (folder / MANIFEST).write_bytes(altered)
    (folder / SIGNATURE).write_bytes(sign_manifest(altered, origin=ORIGIN, keys=[LOG_KEY]))


@pytest.mark.parametrize(
    "alter",
    [
        last_part_lost,
        entry_altered,
        manifest_altered,
        signed_by_somebody_else,
        row_dropped_and_manifest_signed_again,
        payload_altered_and_manifest_signed_again,
    ],
)
async def test_an_altered_export_is_refused(alter: Callable[[Path], None], tmp_path: Path) -> None:
    folder = await exported("jsonl", tmp_path)
    alter(folder)
    with pytest.raises(ProofRefused):
        check_export(folder, POLICY)


@pytest.mark.parametrize("name", ["../outside", "/outside", "folder/inside", ".."])
def test_nothing_is_unpacked_beside_the_folder(name: str, tmp_path: Path) -> None:
    data = BytesIO()
    with TarFile(fileobj=data, mode="w") as made:
        made.addfile(TarInfo(name))
    data.seek(0)
    with pytest.raises(TarError, match="no plain file"):
        list(unpack(TarFile(fileobj=data), tmp_path))
    assert list(tmp_path.iterdir()) == []
