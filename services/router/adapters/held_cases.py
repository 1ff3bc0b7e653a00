"""The doors' view of custody: which authority holds which case. A refusal waits until it is certain."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from sys import intern
from typing import Final
from uuid import UUID

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from services.router.adapters.custody_topic import FollowedCustody
from services.router.domain.cases.custody import Holding
from services.router.domain.cases.owed_case import OwedCase
from services.router.domain.cases.placed_again import PlacedAgain
from services.router.domain.cases.refusals import SHOWN
from services.router.domain.cases.transitions import OPEN
from shared.backoff import Backoff
from shared.errors import Unavailable
from shared.events.answer_refusal import AnswerRefusalsTold, AnswerWithoutEffect
from shared.events.custody import CustodyState
from shared.events.sealed_answer import AnswerKeyNames, SealingKind
from shared.events.topics import CASE_CUSTODY
from shared.kafka.client import KafkaAddress, close, reader
from shared.kafka.partitions import partitions_of
from shared.kafka.records import partition_of
from shared.telemetry.health import Condition

_ROUND_MS: Final = 50
_ALIVE_SECONDS: Final = 60
_ON_THE_DESK: Final = frozenset({*OPEN, "deemed-approved"})


class _StoredReceipt(msgspec.Struct, rename="camel"):
    receipt_number: str
    received_at: datetime
    service: str


class _Name(msgspec.Struct, frozen=True):
    kid: str
    kind: SealingKind


class _Names(msgspec.Struct, frozen=True):
    content: tuple[_Name, ...] = ()
    notice: tuple[_Name, ...] = ()


class _Stored(msgspec.Struct, rename="camel"):
    """What the doors need of a custody; the rest is passed over unread."""

    submission_id: UUID
    receipt: _StoredReceipt
    standing: CustodyState
    since: datetime
    authority: str | None = None
    placed_by: UUID | None = None
    supplements: tuple[UUID, ...] = ()
    delivered: tuple[datetime, ...] = ()
    answer_keys: _Names | None = None


class _Applied(msgspec.Struct):
    """Read only of cases that were placed again: they are few, and these are most of a custody."""

    applied: tuple[UUID, ...] = ()


_STORED: Final = msgspec.json.Decoder(_Stored)
_APPLIED: Final = msgspec.json.Decoder(_Applied)


class HeldCases:
    """`services.router.ports.Custody` over ``case.custody.v1``; ``run`` keeps it up to date.

    ``patience`` is how many seconds a refusal waits for certainty. ``on_news`` is told of each authority in
    whose inbox something may have come: whatever the router puts there, it writes custody of it in the same transaction.
    """

    def __init__(
        self,
        address: KafkaAddress,
        *,
        condition: Condition,
        patience: float = 3.0,
        on_news: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._followed = FollowedCustody(
            address,
            keep=_holding,
            condition=condition,
            owner=_holder,
            on_case=self._changed,
            on_refusals=self._refused,
            round_ms=_ROUND_MS,
        )
        self._on_news = on_news
        self._latest: dict[str, dict[int, tuple[AnswerWithoutEffect, ...]]] = {}
        self._address = address
        self._patience = patience
        self._looker: AIOKafkaConsumer | None = None
        self._partitions: Sequence[TopicPartition] = ()

    def now(self, case: UUID) -> Holding | None:
        return self._followed.cases.get(case)

    def owed_by(self, authority: str) -> Mapping[UUID, OwedCase]:
        """The cases for which this authority owes an answer, as far as the view goes."""
        return {
            case: held for case, held in self._followed.owned(authority).items() if isinstance(held, OwedCase)
        }

    def without_effect(self, authority: str) -> Sequence[AnswerWithoutEffect]:
        now = datetime.now(UTC)
        known = [each for told in self._latest.get(authority, {}).values() for each in told]
        found = [each for each in known if each.at + SHOWN > now]
        return sorted(found, key=lambda each: each.at, reverse=True)

    def holders(self) -> Collection[str]:
        """The authorities that owe an answer, as far as the view goes."""
        return self._followed.owners()

    async def caught_up(self) -> None:
        """Wait until the view shows all that was written when this was asked, committed by now or not.

        Raises:
            Unavailable: it does not within our patience.
        """
        await self._until_written(None)

    async def certainly(self, case: UUID) -> Holding | None:
        """The custody as it was written when this was asked.

        An authority that reads its inbox may know of a case before we do: the marks that end a transaction are set topic by
        topic. What it has read is written, though, so the end that counts is that of everything written, not of
        what is committed.
        """
        return (await self._until_written(case)).get(case)

    async def _until_written(self, case: UUID | None) -> Mapping[UUID, Holding]:
        """The view once it holds what was written, of all cases or of this one."""
        try:
            async with asyncio.timeout(self._patience):
                return await self._followed.reach(await self._written(case))
        except (KafkaError, TimeoutError) as away:
            raise Unavailable(
                f"{CASE_CUSTODY.name}: the topic could not be read to its end; try again"
            ) from away

    def _changed(self, before: Holding | None, after: Holding | None) -> None:
        """Notify the former holder of the end of the case, and the present holder of every other change."""
        for authority in {each.authority for each in (before, after) if each is not None}:
            self._on_news(authority)

    def _refused(self, authority: str, partition: int, told: bytes | None) -> None:
        latest = () if told is None else AnswerRefusalsTold.from_json(told).latest
        self._latest.setdefault(authority, {})[partition] = latest
        self._on_news(authority)

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._followed.run())
            both.create_task(self._look())

    async def _written(self, case: UUID | None) -> dict[TopicPartition, int]:
        if self._looker is None:
            raise Unavailable("Kafka cannot be reached; try again")
        asked = self._partitions
        if case is not None:
            asked = [asked[partition_of(str(case).encode(), len(asked))]]
        ends: dict[TopicPartition, int] = await self._looker.end_offsets(asked)
        return ends

    async def _look(self) -> None:
        """Keep a client open that sees what is not committed yet: ends, never records."""
        pause = Backoff()
        while True:
            looker = reader(self._address, committed=False)
            try:
                await looker.start()
                partitions = self._partitions = await partitions_of(self._address, CASE_CUSTODY.name)
                looker.assign(partitions)
                looker.pause(*partitions)
                self._looker = looker
                pause.reset()
                while True:
                    await asyncio.sleep(_ALIVE_SECONDS)
                    await looker.end_offsets(partitions)
            except (KafkaError, OSError, Unavailable):
                pass  # the follower beside this one has the same trouble, and tells it
            finally:
                self._looker = None
                await close(looker)
            await pause.sleep()


@lru_cache(maxsize=4096)
def _names(stored: _Names | None) -> AnswerKeyNames | None:
    """One object for all cases of a client."""
    return None if stored is None else AnswerKeyNames.model_validate(msgspec.to_builtins(stored))


def _holding(value: bytes) -> Holding | None:
    stored = _STORED.decode(value)
    if stored.authority is None:
        return None
    authority = intern(stored.authority)
    again = _again(value, stored)
    if stored.standing not in _ON_THE_DESK:
        return Holding(
            submission_id=stored.submission_id,
            standing=stored.standing,
            authority=authority,
            again=again,
            answer_keys=_names(stored.answer_keys),
        )
    return OwedCase(
        submission_id=stored.submission_id,
        standing=stored.standing,
        authority=authority,
        again=again,
        answer_keys=_names(stored.answer_keys),
        receipt_number=stored.receipt.receipt_number,
        received_at=stored.receipt.received_at,
        service=intern(stored.receipt.service),
        since=stored.since,
        supplements=len(stored.supplements),
        delivered=stored.delivered,
    )


def _again(value: bytes, stored: _Stored) -> PlacedAgain | None:
    if stored.placed_by is None:
        return None
    at = stored.delivered[0] if stored.delivered else stored.since
    return PlacedAgain(by=stored.placed_by, at=at, applied=_APPLIED.decode(value).applied)


def _holder(held: Holding) -> str | None:
    return held.authority if isinstance(held, OwedCase) else None
