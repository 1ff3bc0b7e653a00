"""A submission's way through a real router: into one inbox, and the answer back."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from shared.events.case import AnswerGiven, AnswerRefused, CaseAccepted, CaseDecided
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, Message, encode
from shared.events.submission import SubmissionDelivered, SubmissionReceived, SubmissionRouted
from shared.events.topics import (
    AUTHORITY_INBOX,
    AUTHORITY_OUTBOX,
    CASE_CUSTODY,
    CASE_UPDATED,
    MAX_CONTENT_BYTES,
    SUBMISSION_HELD,
    SUBMISSION_ROUTED,
)
from tests.integration.router.conftest import Ground
from tests.support.events import GIESSEN, RECEIVED_AT
from tests.support.routing import about

INBOX = AUTHORITY_INBOX.for_authority(GIESSEN)
SAMPLE = Path(__file__).parents[3] / "examples" / "authority" / "authority.py"
MARBURG = "g-06534014"

pytestmark = pytest.mark.usefixtures("router")


async def test_a_submission_arrives_and_only_the_authority_can_read_it(ground: Ground) -> None:
    received = ground.submission(content=b'{"betrieb":"Laden"}')

    await ground.receive(received)

    delivered = await ground.until(INBOX, received.case_id, SubmissionDelivered, partitions=1)
    assert isinstance(delivered.data, SubmissionDelivered)
    opened = ground.opened(delivered.data.content, authority=GIESSEN, submission_id=received.submission_id)
    assert opened == b'{"betrieb":"Laden"}'
    (routed,) = await ground.told(SUBMISSION_ROUTED.name, [received.case_id])
    assert isinstance(routed.data, SubmissionRouted)
    assert routed.data.receipt == received.data.receipt


async def test_the_largest_submission_arrives(ground: Ground) -> None:
    content = b'"' + b"x" * (MAX_CONTENT_BYTES - 2) + b'"'
    received = ground.submission(content=content)

    await ground.receive(received)

    delivered = await ground.until(INBOX, received.case_id, SubmissionDelivered, partitions=1)
    assert isinstance(delivered.data, SubmissionDelivered)
    opened = ground.opened(delivered.data.content, authority=GIESSEN, submission_id=received.submission_id)
    assert opened == content


@pytest.fixture
def sample_authority(ground: Ground, tmp_path: Path) -> Iterator[Path]:
    """The example, as a municipality runs it: its own login, its own key, nothing else; yields its folder."""
    endpoint, login = ground.kafka.endpoint, f"authority.{GIESSEN}"
    description = {
        "kafka": {"bootstrap": endpoint.bootstrap, "securityProtocol": endpoint.security_protocol},
        "authorities": {
            GIESSEN: {
                "username": login,
                "password": ground.made.kafka.passwords[login],
                "inboxTopic": INBOX,
                "outboxTopic": AUTHORITY_OUTBOX.for_authority(GIESSEN),
                "group": login,
                "decryptionKeyFile": str(ground.made.keys.of_authority(GIESSEN, "decryption.jwk")),
            }
        },
    }
    access = tmp_path / "behoerde.json"
    access.write_text(json.dumps(description))
    process = subprocess.Popen([sys.executable, SAMPLE, access, "--folder", tmp_path / "eingang"])
    try:
        yield tmp_path / "eingang" / GIESSEN
    finally:
        process.terminate()
        process.wait(20)


async def test_the_sample_authority_files_confirms_and_decides(
    ground: Ground, sample_authority: Path
) -> None:
    received = ground.submission(content=b'{"betrieb":"Laden"}')

    await ground.receive(received)

    accepted = await ground.until(CASE_UPDATED.name, received.case_id, CaseAccepted)
    decided = await ground.until(CASE_UPDATED.name, received.case_id, CaseDecided)
    assert isinstance(accepted.data, CaseAccepted)
    assert isinstance(decided.data, CaseDecided)
    assert (decided.data.authority, decided.data.outcome) == (GIESSEN, "granted")
    assert accepted.data.file_number == decided.data.file_number
    filed = json.loads((sample_authority / f"{received.submission_id}.json").read_text())
    assert filed["content"] == {"betrieb": "Laden"}
    held = [
        r for r in await ground.records(SUBMISSION_HELD.name) if r.key == str(received.submission_id).encode()
    ]
    assert [record.value is None for record in held] == [False, True]
    assert await custody(ground, received.case_id) == "decided"


async def test_an_answer_counts_once_and_only_from_whom_the_case_lies_with(ground: Ground) -> None:
    received = ground.submission()
    await ground.receive(received)
    await ground.until(SUBMISSION_ROUTED.name, received.case_id, SubmissionRouted)

    await ground.send(deciding(received, MARBURG), username=f"authority.{MARBURG}")
    refused = await ground.until(CASE_UPDATED.name, received.case_id, AnswerRefused)
    ours = deciding(received, GIESSEN)
    await ground.send(ours, ours, username=f"authority.{GIESSEN}")
    await ground.until(CASE_UPDATED.name, received.case_id, CaseDecided)
    last = ground.submission()
    await ground.receive(last)
    await ground.until(SUBMISSION_ROUTED.name, last.case_id, SubmissionRouted)

    assert isinstance(refused.data, AnswerRefused)
    assert (refused.data.authority, refused.data.reason) == (MARBURG, "not-in-custody")
    told = await ground.told(CASE_UPDATED.name, [received.case_id])
    assert [type(event.data) for event in told] == [AnswerRefused, CaseDecided]


def deciding(received: Event[SubmissionReceived], authority: str) -> Message:
    given = AnswerGiven(kind="decided", outcome="refused", given_at=RECEIVED_AT)
    event = about(received.submission_id, given, event_id=uuid4())
    return encode(event, AUTHORITY_OUTBOX.for_authority(authority))


async def custody(ground: Ground, case: UUID) -> str:
    key = str(case).encode()
    (*_, last) = [r.value for r in await ground.records(CASE_CUSTODY.name) if r.key == key]
    assert last is not None
    return CaseHeld.from_json(last).standing
