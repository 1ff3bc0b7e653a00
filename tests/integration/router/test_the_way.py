"""A submission's way through a real router: into one inbox, and the answer back."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from amtsweg.stack.service import ServiceProcess
from shared.events.case import CaseAccepted, CaseDecided
from shared.events.competence import Place
from shared.events.custody import CaseHeld
from shared.events.submission import SubmissionDelivered, SubmissionRouted
from shared.events.topics import (
    AUTHORITY_INBOX,
    CASE_CUSTODY,
    CASE_UPDATED,
    MAX_CONTENT_BYTES,
    SUBMISSION_HELD,
    SUBMISSION_ROUTED,
)
from tests.integration.router.conftest import Ground
from tests.integration.router.sample_clients import description, sample_python
from tests.support.events import GIESSEN

INBOX = AUTHORITY_INBOX.for_authority(GIESSEN)
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
async def sample_authority(
    ground: Ground, intake: ServiceProcess, doors: ServiceProcess, tmp_path: Path
) -> AsyncIterator[Path]:
    """The sample, serving Marburg; yields its folder."""
    access = description(ground, [MARBURG], intake=intake, doors=doors, folder=tmp_path)
    async with sample_python(access, tmp_path / "eingang"):
        yield tmp_path / "eingang" / MARBURG


async def test_the_sample_authority_files_confirms_and_decides(
    ground: Ground, sample_authority: Path
) -> None:
    received = ground.submission(content=b'{"betrieb":"Laden"}', place=Place(ags="06534014"))

    await ground.receive(received)

    accepted = await ground.until(CASE_UPDATED.name, received.case_id, CaseAccepted)
    decided = await ground.until(CASE_UPDATED.name, received.case_id, CaseDecided)
    assert isinstance(accepted.data, CaseAccepted)
    assert isinstance(decided.data, CaseDecided)
    assert (decided.data.authority, decided.data.outcome) == (MARBURG, "granted")
    filed = json.loads((sample_authority / f"{received.submission_id}.json").read_text())
    assert filed["content"] == {"betrieb": "Laden"}
    held = [
        r for r in await ground.records(SUBMISSION_HELD.name) if r.key == str(received.submission_id).encode()
    ]
    assert [record.value is None for record in held] == [False, True]
    assert await custody(ground, received.case_id) == "decided"


async def custody(ground: Ground, case: UUID) -> str:
    key = str(case).encode()
    (*_, last) = [r.value for r in await ground.records(CASE_CUSTODY.name) if r.key == key]
    assert last is not None
    return CaseHeld.from_json(last).standing
