"""A batch that nobody can read hides nothing else from who looks: histories, past questions, assignments, lists of the command."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from confluent_kafka.admin import NewTopic

from amtsweg.bus import everything
from amtsweg.directory.assignment_proposals import assignments
from amtsweg.directory.traffic import submissions
from services.router.adapters.case_histories import TOPICS, CaseHistories
from shared.events.envelope import encode
from shared.events.submission import SubmissionRouted
from shared.events.topics import SUBMISSION_ROUTED
from shared.kafka.bounded_decompression import MAX_UNPACKED_BYTES
from shared.kafka.client import KafkaAddress
from shared.kafka.publish_once import publish_once
from tests.support.batches import batch, send_batch
from tests.support.events import ASSIGNMENT, GIESSEN, PARKED, RECEIPT, event
from tests.support.stack import KafkaAccess


@pytest.fixture
def address(kafka: KafkaAccess) -> Iterator[KafkaAddress]:
    """Where the topics of histories are, empty, and gone afterwards."""
    admin = kafka.part.endpoint.admin()
    there = set(admin.list_topics(timeout=30).topics) & TOPICS.keys()
    for done in admin.delete_topics(list(there)).values() if there else ():
        done.result(30)
    for done in admin.create_topics([NewTopic(name, 1, 1) for name in TOPICS]).values():
        done.result(30)
    yield kafka.address
    for done in admin.delete_topics(list(TOPICS)).values():
        done.result(30)


@pytest.mark.long
async def test_records_behind_an_unreadable_batch_are_found(
    address: KafkaAddress, capsys: pytest.CaptureFixture[str]
) -> None:
    routed = event(
        SubmissionRouted(receipt=RECEIPT, authority=GIESSEN, decision=PARKED, assignment=ASSIGNMENT)
    )
    bomb = batch(bytes(MAX_UNPACKED_BYTES), compression="gzip")
    assert await send_batch(address, SUBMISSION_ROUTED.name, bomb)
    await publish_once(address, [encode(routed, SUBMISSION_ROUTED.name)])

    since = RECEIPT.received_at - timedelta(days=1)
    told = await CaseHistories(address).of(routed.case_id, received_at=since)
    asked = [each async for each in submissions(address)]
    assigned = await assignments(address, since=since)
    (record,) = await everything(address, SUBMISSION_ROUTED.name)

    assert (len(told), len(asked), len(assigned)) == (1, 1, 1)
    assert dict(record.headers)["ce_id"] == str(routed.id).encode()
    assert f"{SUBMISSION_ROUTED.name}, partition 0, offset " in capsys.readouterr().err
