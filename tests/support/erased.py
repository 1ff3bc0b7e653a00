"""What an erasure must have left behind on a running stack, looked at in every store, past the services."""

from typing import Final
from uuid import UUID

import asyncpg

from services.audit.domain.access_log import Looked, LookRefused, LooksExpired, PayloadErased
from shared.events.custody import CaseHeld
from shared.events.envelope import event_type
from shared.events.topics import CASE_CUSTODY, CASE_MESSAGE, SUBMISSION_HELD
from shared.kafka.client import KafkaAddress
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import read_to_end
from shared.kafka.records import Record

_LEFT: Final = {
    "intake: what a receipt says of a person": "SELECT count(*) FROM intake.receipts WHERE case_id = $1 "
    "AND (client_reference IS NOT NULL OR request_hash IS NOT NULL)",
    "intake: messages of the authority": "SELECT count(*) FROM intake.messages WHERE case_id = $1",
    "notifier: the contact": "SELECT count(*) FROM notifier.cases WHERE id = $1 AND contact IS NOT NULL",
    "notifier: what messages say": "SELECT count(*) FROM notifier.messages WHERE case_id = $1 "
    "AND (receipt_number IS NOT NULL OR facts <> '{}' OR state IN ('created', 'sending'))",
    "notifier: notices": "SELECT count(*) FROM notifier.notices WHERE case_id = $1",
}
_OF_THE_LOG: Final = """
SELECT count(*) FILTER (WHERE keys.key IS NULL) AS erased,
       count(payloads.index) FILTER (WHERE keys.key IS NULL) AS payloads,
       count(tokens.token) FILTER (WHERE keys.key IS NULL) AS tokens
FROM audit.entries JOIN audit.keys ON keys.log = entries.log AND keys.owner = entries.case_ref
LEFT JOIN audit.payloads ON payloads.log = entries.log AND payloads.index = entries.index
LEFT JOIN audit.tokens ON tokens.log = entries.log AND tokens.case_ref = entries.case_ref
WHERE entries.type <> ALL ($1)
"""


_ABOUT_THE_LOG: Final = [event_type(each) for each in (Looked, LookRefused, LooksExpired, PayloadErased)]
"""What the log says about itself outlives the case's key."""


async def left_of(case: UUID, *, postgres_url: str, address: KafkaAddress) -> list[str]:
    """What is still there of an erased case, in words; nothing where the erasure has done what it says.

    It is the one case of its log that was erased.
    """
    found = []
    connection = await asyncpg.connect(postgres_url, timeout=30)
    try:
        for what, asked in _LEFT.items():
            if await connection.fetchval(asked, case):
                found.append(what)
        (log,) = await connection.fetch(_OF_THE_LOG, _ABOUT_THE_LOG)
        if not log["erased"]:
            found.append("audit: the key")
        found += [f"audit: {what}" for what in ("payloads", "tokens") if log[what]]
    finally:
        await connection.close()
    for topic in (SUBMISSION_HELD.name, CASE_MESSAGE.name):
        latest = await _latest(address, topic)
        if any(_of(record, case) for record in latest.values() if record.value is not None):
            found.append(f"Kafka: {topic}")
    custody = (await _latest(address, CASE_CUSTODY.name)).get(str(case).encode())
    if custody is None or CaseHeld.from_json(custody.value or b"").standing != "erased":
        found.append(f"Kafka: {CASE_CUSTODY.name}")
    return found


def _of(record: Record, case: UUID) -> bool:
    return dict(record.headers).get("ce_caseid") == str(case).encode()


async def _latest(address: KafkaAddress, topic: str) -> dict[bytes, Record]:
    """The last record of each key; a tombstone where what it held is gone."""
    starts = dict.fromkeys(await partitions_of(address, topic), 0)
    return {
        record.key: record
        async for records in read_to_end(address, starts)
        for record in records
        if record.key is not None
    }
