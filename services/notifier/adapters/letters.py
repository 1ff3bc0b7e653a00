"""Letters as print-ready PDF, in a folder or an object store: tagged (PDF/UA-1), with the address where a window envelope shows it (DIN 5008).

Typst writes the PDF and refuses one that breaks the standard. A letter's file is named by its id and written whole or
not at all: whoever prints takes it from there, and a second writing of the same letter is the same file.
"""

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path

import typst

from services.notifier.domain.letter import PrintedLetter
from services.notifier.ports import Accepted, MailOutcome, MailRefused, ServerAway
from shared.errors import Unavailable
from shared.object_store import ObjectStore

LAYOUT = Path(__file__).with_name("letter.typ")
_NO_FOLDER = 503
_MODE = 0o640
"""For the print shop's group, and nobody else: a letter names a person."""


def pdf_of(letter: PrintedLetter) -> bytes:
    """The letter as PDF/UA-1; the same letter is the same bytes. Fonts are Typst's own, whatever this machine has."""
    written = typst.compile(
        str(LAYOUT),
        sys_inputs={"letter": json.dumps(letter.data())},
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
    )
    if not isinstance(written, bytes):
        raise TypeError("one document was expected")
    return written


class LetterFolder:
    """The `LetterBox` in a folder that a print shop empties; None: this installation sends no letters."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    async def put(self, letter: PrintedLetter) -> MailOutcome:
        if self._folder is None:
            return MailRefused(_NO_FOLDER)
        return await asyncio.to_thread(_put, self._folder, letter)


class LetterBucket:
    """The `LetterBox` in an object store that a print shop empties. A letter that lies there is not written again."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, letter: PrintedLetter) -> MailOutcome:
        written = await asyncio.to_thread(pdf_of, letter)
        try:
            await self._store.create(f"{letter.message_id}.pdf", written)
        except Unavailable as away:
            raise ServerAway(f"the store for letters: {away}") from None
        return Accepted()


def _put(folder: Path, letter: PrintedLetter) -> MailOutcome:
    path = folder / f"{letter.message_id}.pdf"
    if path.exists():
        return Accepted()
    written, part = pdf_of(letter), folder / f".{letter.message_id}.{os.getpid()}.part"
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE), "wb") as file:
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _keep_name(folder)
    except OSError as full:
        with suppress(OSError):
            part.unlink()
        raise ServerAway(f"the folder for letters: {type(full).__name__}") from None
    return Accepted()


def _keep_name(folder: Path) -> None:
    """Sync the folder, so that the file's name survives a crash of the machine."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
