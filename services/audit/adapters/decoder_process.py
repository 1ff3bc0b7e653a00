"""Decodes records in a process of its own: decoding is half of all work, and a Python process uses one core.

What goes through the pipes are frames: eight bytes of length, then tuples as `marshal` writes them. When we die the
pipe ends, and the process with it.
"""

import asyncio
import marshal
import pickle
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, BinaryIO, Final
from uuid import UUID

from services.audit.domain.pending_entry import PendingEntry, Position, fact_of_record
from services.audit.domain.pseudonyms import Pseudonymizer
from shared.errors import Unavailable
from shared.events.envelope import Undecodable
from shared.events.payload import Payload
from shared.events.topics import Topic
from shared.kafka.records import Record
from shared.telemetry.logs import describe

Payloads = Mapping[str, Sequence[type[Payload]]]

_LENGTH: Final = 8
_RECORD: Final = attrgetter("value", "headers", "topic", "partition", "offset")
_SAID: Final = tuple(field.name for field in fields(PendingEntry) if field.name != "id")
_FACT: Final = attrgetter(*_SAID)


def facts_of(records: Iterable[Any], *, payloads: Payloads, secrecy: Pseudonymizer) -> Sequence[PendingEntry]:
    """The facts of records, each given as value, headers, topic, partition and offset.

    Raises:
        Undecodable: one of them is not an event of its topic.
    """
    return [
        fact_of_record(
            value, headers, position=Position(topic, *place), payloads=payloads[topic], secrecy=secrecy
        )
        for value, headers, topic, *place in records
    ]


class ReadingFailed(Exception):  # noqa: N818 - what happened, in the project's vocabulary
    """The code failed on a record; the text is what the process says of it."""


@dataclass(frozen=True, slots=True)
class _Running:
    process: Process
    asked: StreamWriter
    answers: StreamReader


class ReadingProcess:
    """Begun when first needed, and again when it has died."""

    def __init__(self, *, secrecy: Pseudonymizer, topics: Iterable[Topic]) -> None:
        self._told = pickle.dumps((secrecy.secret, {topic.name: topic.payloads for topic in topics}))
        self._turn = asyncio.Lock()
        self._running: _Running | None = None

    async def read(self, records: Sequence[Record]) -> Sequence[PendingEntry]:
        """The facts of these records.

        Raises:
            Undecodable: one of them is not an event of its topic.
            Unavailable: the process has died.
        """
        exchange = asyncio.ensure_future(self._exchange(marshal.dumps([_RECORD(each) for each in records])))
        exchange.add_done_callback(lambda done: done.cancelled() or done.exception())
        # Half an exchange would make the next one read the answer to this one.
        failure, answer = marshal.loads(await asyncio.shield(exchange))  # noqa: S302 - our own process wrote it
        match failure:
            case None:
                return [
                    PendingEntry(id=UUID(bytes=id_), **dict(zip(_SAID, said, strict=True)))
                    for id_, said in answer
                ]
            case "undecodable":
                raise Undecodable(answer)
            case _:
                raise ReadingFailed(answer)

    async def close(self) -> None:
        """End the process."""
        running, self._running = self._running, None
        if running is not None:
            running.asked.close()
            await running.process.wait()

    async def _exchange(self, frame: bytes) -> bytes:
        async with self._turn:
            try:
                running = self._running = self._running or await self._begin()
                running.asked.write(_framed(frame))
                await running.asked.drain()
                length = int.from_bytes(await running.answers.readexactly(_LENGTH), "big")
                return await running.answers.readexactly(length)
            except (OSError, asyncio.IncompleteReadError) as ended:
                self._running = None
                raise Unavailable("the process that reads records has ended") from ended

    async def _begin(self) -> _Running:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, stdin=PIPE, stdout=PIPE
        )
        if process.stdin is None or process.stdout is None:
            raise OSError("the process that reads records has no pipes")
        process.stdin.write(_framed(self._told))
        return _Running(process, process.stdin, process.stdout)


def _framed(frame: bytes) -> bytes:
    return len(frame).to_bytes(_LENGTH, "big") + frame


def _serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """The process itself: answers frame after frame until the pipe ends."""
    secret, payloads = pickle.loads(_next(asked))  # noqa: S301 - from the process that started this one
    secrecy = Pseudonymizer(secret)
    while frame := _next(asked):
        answers.write(_framed(marshal.dumps(_answer(marshal.loads(frame), payloads, secrecy))))  # noqa: S302 - likewise
        answers.flush()


def _answer(records: Iterable[Any], payloads: Payloads, secrecy: Pseudonymizer) -> tuple[str | None, Any]:
    """What failed, or None; and the facts, or a text."""
    try:
        facts = facts_of(records, payloads=payloads, secrecy=secrecy)
    except Undecodable as undecodable:
        return "undecodable", str(undecodable)
    except Exception as failed:  # noqa: BLE001 - told to who asked, and judged there
        return "failed", describe(failed)
    return None, [(fact.id.bytes, _FACT(fact)) for fact in facts]


def _next(asked: BinaryIO) -> bytes:
    return asked.read(int.from_bytes(asked.read(_LENGTH), "big"))


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
