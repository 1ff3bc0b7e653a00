"""The console's view of all cases: how each stands, over ``case.custody.v1``."""

from collections.abc import Mapping
from datetime import datetime
from sys import intern
from typing import Final
from uuid import UUID

import msgspec

from services.router.adapters.custody_topic import FollowedCustody
from services.router.domain.cases.overview import StandingCase
from shared.events.custody import CustodyState
from shared.kafka.client import KafkaAddress
from shared.telemetry.health import Condition


class _Receipt(msgspec.Struct, rename="camel"):
    receipt_number: str
    received_at: datetime
    service: str


class _Stored(msgspec.Struct, rename="camel"):
    submission_id: UUID
    receipt: _Receipt
    standing: CustodyState
    since: datetime
    authority: str | None = None


_STORED: Final = msgspec.json.Decoder(_Stored)


class StandingCases:
    """`services.router.ports.console.AllCases`; ``run`` keeps it up to date."""

    def __init__(self, address: KafkaAddress, *, condition: Condition) -> None:
        self._followed = FollowedCustody(address, keep=_standing, condition=condition)

    @property
    def cases(self) -> Mapping[UUID, StandingCase]:
        return self._followed.cases

    async def run(self) -> None:
        """Follow until cancelled."""
        await self._followed.run()


def _standing(value: bytes) -> StandingCase:
    stored = _STORED.decode(value)
    return StandingCase(
        submission_id=stored.submission_id,
        receipt_number=stored.receipt.receipt_number,
        received_at=stored.receipt.received_at,
        service=intern(stored.receipt.service),
        standing=stored.standing,
        since=stored.since,
        authority=None if stored.authority is None else intern(stored.authority),
    )
