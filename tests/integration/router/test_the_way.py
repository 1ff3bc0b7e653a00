"""A submission's way through a real router: into one inbox."""

import pytest

from shared.events.submission import SubmissionDelivered, SubmissionRouted
from shared.events.topics import (
    AUTHORITY_INBOX,
    MAX_CONTENT_BYTES,
    SUBMISSION_ROUTED,
)
from tests.integration.router.conftest import Ground
from tests.support.events import GIESSEN

INBOX = AUTHORITY_INBOX.for_authority(GIESSEN)

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
