"""How much memory do open cases take in the router's state, and how much processor time does it take to restore them?

Compressed batches as they lie on the state topic are read by the client's own parser and taken in by the engine's
store; what a broker would add is the way over the network. The states are one real custody with other ids.

    python -m benchmarks.open_cases [--count 1000000]
"""

import argparse
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psutil
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from amtsweg.directory.folder import open_directory
from benchmarks.support.surroundings import BUSINESS_REGISTRATION, tell
from services.router.domain.decision.resolver import Resolver
from shared.engine.state_store import StateStore
from shared.events.competence import Inquiry, Place
from shared.events.custody import CaseHeld
from shared.events.sealed_answer import AnswerKeyNames, KeyName
from shared.events.submission import Receipt
from shared.events.topics import CASE_CUSTODY
from shared.kafka.records import Record

AIM_SECONDS, AIM_GB = 30, 1.5
_ID = UUID(int=2**127)


def custody() -> bytes:
    """A case that has been routed, as it is kept; its ids stand where `batches` puts others."""
    now = datetime.now(UTC)
    inquiry = Inquiry(service=BUSINESS_REGISTRATION, place=Place(ags="06412000"), on=now.date())
    receipt = Receipt(
        receipt_number="AW-2026-000001",
        received_at=now,
        client_id="landesplattform",
        service=BUSINESS_REGISTRATION,
        language="de",
        content_hash=f"hmac-sha256:{'0' * 64}",
    )
    return CaseHeld(
        submission_id=_ID,
        receipt=receipt,
        standing="routed",
        since=now,
        authority="g-06412000",
        decision=Resolver(open_directory(None)).resolve(inquiry),
        delivery=_ID,
        delivered=(now,),
        applied=(_ID,),
        applied_at=now,
        answer_keys=AnswerKeyNames(
            content=(KeyName(kid="landesplattform-2026", kind="P-256"),),
            notice=(KeyName(kid="notifier-2026", kind="P-256"),),
        ),
    ).to_json()


def batches(count: int, stored: bytes) -> Iterator[bytes]:
    """The state topic's batches, one after the other, each as large as the engine's producer makes it."""
    placeholder = str(_ID).encode()
    builder = BatchBuilder(1024 * 1024, 4, is_transactional=1)
    for _ in range(count):
        key = str(uuid4()).encode()
        value = stored.replace(placeholder, key)
        if builder.append(timestamp=None, key=key, value=value) is None:
            yield bytes(builder._build())  # noqa: SLF001 - as the producer does when it sends
            builder = BatchBuilder(1024 * 1024, 4, is_transactional=1)
            builder.append(timestamp=None, key=key, value=value)
    yield bytes(builder._build())  # noqa: SLF001 - as above


def restored(count: int) -> dict[str, float]:
    """Megabytes and seconds, the making of the batches left out."""
    store, process, spent, offset = StateStore(), psutil.Process(), 0.0, 0
    stored = custody()
    before = process.memory_info().rss
    for batch in batches(count, stored):
        began = time.process_time()
        parsed = MemoryRecords(batch)
        while (entry := parsed.next_batch()) is not None:
            for record in entry:
                store.restored(
                    Record(CASE_CUSTODY.name, 0, offset, record.timestamp, record.key, record.value)
                )
                offset += 1
        spent += time.process_time() - began
    if len(store.states) != count:
        raise AssertionError(f"expected {count} states, found {len(store.states)}")
    return {
        "bytes of one state": len(stored),
        "restored, processor seconds": round(spent, 1),
        "megabytes more than before": round((process.memory_info().rss - before) / 1e6),
        "megabytes of the process": round(process.memory_info().rss / 1e6),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=1_000_000)
    chosen = options.parse_args()
    aim = {"aim": f"{AIM_SECONDS} s, below {AIM_GB} GB", "open cases": chosen.count}
    tell(__doc__, aim | restored(chosen.count))


if __name__ == "__main__":
    main()
