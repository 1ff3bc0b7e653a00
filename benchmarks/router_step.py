"""How much processor time does the router's own code take for a submission, without any broker?

Records in, then the engine's transaction, the router's step, and the batches that Kafka would get, compressed. Keys,
directory and submissions are real; nothing is sent. It is processor time, in microseconds for each submission. Other
work on the machine makes this longer too (shared caches, shared cores), so the whole is that of the quickest batch,
and the step alone the mean over submissions of each one's quickest call.

    python -m benchmarks.router_step [--profile]
"""

import argparse
import asyncio
import cProfile
import json
import pstats
import random
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata, TopicPartition
from joserfc.jwk import ECKey

from amtsweg.directory.folder import open_directory
from benchmarks.support.surroundings import BUSINESS_REGISTRATION, people, tell
from services.intake.adapters.sealing import Sealing
from services.router.adapters.authorities import KeyFile, KnownAuthorities
from services.router.consumer import ROUTING, Routing
from services.router.domain.decision.resolver import Resolver
from services.router.handler.clock import Timekeeper
from services.router.handler.refusals import ToldRefusals
from services.router.handler.routing import Handler
from services.router.handler.supplements import Supplements
from shared.crypto.jwe import OwnKey, RecipientKey, Rewrapper
from shared.engine.batch import BatchAttempt
from shared.engine.failure_policy import FailurePolicy
from shared.engine.handled_records import log_lines
from shared.engine.kafka_transaction import Commit, KafkaTransaction
from shared.engine.state_store import Overlay, StateStore
from shared.events.competence import Place
from shared.events.envelope import Event, encode
from shared.events.ids import case_id
from shared.events.submission import Receipt, SubmissionReceived
from shared.events.suspension import SuspensionTimes
from shared.events.topics import SUBMISSION_RECEIVED
from shared.kafka import light_compression
from shared.kafka.output_topics import OutputTopics
from shared.kafka.records import Record
from shared.service.clock import utc_now
from shared.telemetry.metrics import Telemetry

BATCH = ROUTING.batch_size
SENDERS = 100
"""Ephemeral keys of intake in a round, as those of as many seconds."""

STEPS, CALLS = 200, 25
CONTENT_BYTES = 560
FRANKFURT = "06412000"


class Nowhere:
    """A producer that builds and compresses its batches, and throws them away."""

    client: Any

    def __init__(self) -> None:
        self.client = self.cluster = self

    def partitions_for_topic(self, topic: str) -> set[int]:  # noqa: ARG002 - the client names it
        return {0}

    def create_batch(self) -> BatchBuilder:
        light_compression.install()
        return BatchBuilder(1024 * 1024, 4, is_transactional=1)  # zstd, as the engine's producers do

    async def send_batch(
        self, batch: BatchBuilder, topic: str, *, partition: int
    ) -> "asyncio.Future[RecordMetadata]":
        batch._build()  # noqa: SLF001 - as the producer does when it sends
        delivery: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        delivery.set_result(RecordMetadata(topic, partition, TopicPartition(topic, partition), 0, 0, 0, 0))
        return delivery

    async def begin_transaction(self) -> None: ...

    async def commit_transaction(self) -> None: ...

    async def send_offsets_to_transaction(
        self, offsets: Mapping[TopicPartition, int], group: str
    ) -> None: ...


class OnePartition(OutputTopics):
    """Every topic is there."""

    def partition(self, topic: str, key: bytes) -> int:  # noqa: ARG002 - the class names them
        return 0


class NoSuspensions:
    def known(self) -> tuple[SuspensionTimes, datetime] | None:
        return SuspensionTimes(), datetime.max.replace(tzinfo=UTC)


class OneVersion:
    """The directory as it is shipped."""

    def __init__(self) -> None:
        self._resolver = Resolver(open_directory(None))
        self.authorities = sorted(self._resolver.directory.authorities)

    def at(self, instant: datetime, *, on: date | None = None) -> Resolver:  # noqa: ARG002 - the protocol names them
        return self._resolver


def private_key(kid: str) -> dict[str, Any]:
    return {**ECKey.generate_key("P-256").as_dict(private=True), "kid": kid}


def public_part(jwk: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name != "d"}


def routing(folder: Path, platform: Mapping[str, Any], telemetry: Telemetry) -> Routing:
    directories = OneVersion()
    keys = folder / "keys.json"
    keys.write_text(
        json.dumps({authority: public_part(private_key(authority)) for authority in directories.authorities})
    )
    authorities = KnownAuthorities(
        keys=KeyFile(keys),
        rewrapper=Rewrapper([OwnKey(platform)]),
        has_inbox=lambda _: True,
        telemetry=telemetry,
    )
    handler = Handler(
        directories=directories,
        authorities=authorities,
        supplements=Supplements(authorities=authorities, clock=utc_now),
        refusals=ToldRefusals(authorities=authorities, clock=utc_now, partitions=lambda: 6),
        clock=utc_now,
    )
    timekeeper = Timekeeper(authorities=authorities, clock=utc_now, suspensions=NoSuspensions())
    return Routing(handler, timekeeper, telemetry=telemetry)


def backlog(platform: Mapping[str, Any], places: Sequence[str], *, size: int) -> list[Record]:
    """A submission for each place, as intake writes them."""
    public = public_part(platform)
    senders = [Sealing(dict.fromkeys(("content", "contact"), RecipientKey(public))) for _ in range(SENDERS)]
    text = json.dumps(
        {"antrag": "Gewerbe anmelden", "erklaerung": secrets.token_urlsafe(size)[:size]}
    ).encode()
    records = []
    for offset, ags in enumerate(places):
        message = encode(
            submission(uuid4(), ags, senders[offset * SENDERS // len(places)], text), SUBMISSION_RECEIVED.name
        )
        now = int(1000 * time.time())
        records.append(Record(message.topic, 0, offset, now, message.key, message.value, message.headers))
    return records


def submission(own: UUID, ags: str, sender: Sealing, text: bytes) -> Event[SubmissionReceived]:
    now = datetime.now(UTC)
    receipt = Receipt(
        receipt_number="AW-2026-000001",
        received_at=now,
        client_id="landesplattform",
        service=BUSINESS_REGISTRATION,
        language="de",
        content_hash=f"hmac-sha256:{secrets.token_hex(32)}",
    )
    return Event(
        id=uuid4(),
        source="urn:amtsweg:intake",
        time=now,
        case_id=case_id(own),
        submission_id=own,
        traceparent=f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
        data=SubmissionReceived(
            receipt=receipt,
            place=Place(ags=ags),
            content=sender.seal(text, submission_id=own, purpose="content"),
            contact=sender.seal(text, submission_id=own, purpose="contact") if len(text) < 100_000 else None,
        ),
    )


async def worked_off(
    step: Routing, records: Sequence[Record], telemetry: Telemetry
) -> list[dict[str, float]]:
    """Microseconds of processor time for each record, by batch."""
    policy, store, spent = FailurePolicy(ROUTING), StateStore(), list[dict[str, float]]()
    for start in range(0, len(records), BATCH):
        batch = records[start : start + BATCH]
        began = time.process_time()
        transaction = KafkaTransaction(ROUTING, step, store, None)
        attempt = BatchAttempt(batch, plan=ROUTING, policy=policy, telemetry=telemetry, origins=NoOrigins())
        done = (await attempt.run(transaction, portion=1)).done
        decided = time.process_time()
        commit = Commit(Nowhere(), plan=ROUTING, number=0, outputs=OnePartition(()), policy=policy)
        await commit.run(
            transaction.outputs,
            transaction.overlay.changes,
            {TopicPartition(SUBMISSION_RECEIVED.name, 0): batch[-1].offset + 1},
        )
        store.merge(transaction.overlay.changes, position=None)
        packed = time.process_time()
        for _ in map(json.dumps, log_lines(done)):
            pass
        told = time.process_time()
        if len(done) != len(batch) or len(transaction.outputs) != 3 * len(batch):
            raise AssertionError("expected inbox, routed event and what is held of each submission")
        parts = {
            "decide and write": decided - began,
            "pack and compress": packed - decided,
            "log": told - packed,
        }
        spent.append({part: 1e6 * seconds / len(batch) for part, seconds in parts.items()})
    return spent


def step_alone(step: Routing, records: Sequence[Record], *, calls: int) -> float:
    """Microseconds from a record to the router's messages, without the engine: each record's quickest call."""
    least = []
    for record in records:
        quickest = float("inf")
        for _ in range(calls):
            began = time.thread_time()
            step.on_record(record, Overlay({}))
            quickest = min(quickest, time.thread_time() - began)
        least.append(quickest)
    return 1e6 * mean(least)


class NoOrigins:
    async def fetch(self, tp: TopicPartition, offset: int) -> Record | None:
        raise AssertionError(f"nothing is replayed here, asked for was {tp} {offset}")


def measure(*, count: int, rounds: int, size: int, profile: cProfile.Profile | None) -> dict[str, object]:
    chance, result, telemetry = random.Random(1), dict[str, object](), Telemetry()
    with TemporaryDirectory() as folder:
        platform = private_key("platform")
        step = routing(Path(folder), platform, telemetry)
        for fan_out, places in (("1", {FRANKFURT: 1}), ("all municipalities, by population", people())):
            found: list[dict[str, float]] = []
            for number in range(rounds + 1):
                chosen = chance.choices(list(places), list(places.values()), k=count)
                records = backlog(platform, chosen, size=size)
                if number and profile is not None:
                    profile.enable()
                spent = asyncio.run(worked_off(step, records, telemetry))
                if profile is not None:
                    profile.disable()
                found += spent if number else []  # the first is to warm up
            least = min(found, key=lambda parts: sum(parts.values()))
            result[f"fan-out {fan_out}"] = {
                "µs": round(sum(least.values())),
                "step alone": round(step_alone(step, records[:STEPS], calls=CALLS)),
                "parts": {part: round(each) for part, each in least.items()},
                "median of all batches": round(median(sum(parts.values()) for parts in found)),
            }
    return result


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=3_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--content-bytes", type=int, default=CONTENT_BYTES)
    options.add_argument("--profile", action="store_true")
    chosen = options.parse_args()
    profile = cProfile.Profile() if chosen.profile else None
    measured = measure(count=chosen.count, rounds=chosen.rounds, size=chosen.content_bytes, profile=profile)
    tell(__doc__, measured)
    if profile is not None:
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()
