"""A supplement and a withdrawal on real Kafka: in one transaction with custody, into the holder's inbox."""

from dataclasses import replace

import pytest

from amtsweg.stack.service import ServiceProcess
from shared.events import ids
from shared.events.case import AnswerGiven, CaseAccepted, CaseAnswered
from shared.events.envelope import Event, encode
from shared.events.submission import SubmissionDelivered, SubmissionReceived
from shared.events.supplement import (
    CaseSupplemented,
    CaseWithdrawn,
    SupplementDelivered,
    WithdrawalDelivered,
    WithdrawalReceived,
)
from shared.events.topics import AUTHORITY_INBOX, CASE_ANSWERED, CASE_MESSAGE, CASE_SUBMITTED, CASE_UPDATED
from tests.integration.router.conftest import Ground
from tests.support.events import GIESSEN, RECEIPT, RECEIVED_AT, sealed
from tests.support.routing import about
from tests.support.stack import unique

INBOX = AUTHORITY_INBOX.for_authority(GIESSEN)


def withdrawal(received: Event[SubmissionReceived]) -> Event[WithdrawalReceived]:
    own_id = ids.submission_id("verwaltungsportal", unique("rücknahme"))
    data = WithdrawalReceived(receipt=RECEIPT)
    event = about(own_id, data, event_id=ids.child_id(own_id, "received"))
    return replace(event, case_id=received.case_id)


async def test_a_supplement_read_with_its_submission_reaches_the_holder_and_a_withdrawal_ends_the_case(
    ground: Ground, router: ServiceProcess
) -> None:
    received = ground.submission()
    supplement = ground.supplement(received)
    # The supplement first: it waits for the submission that opens its case.
    await ground.send(encode(supplement, CASE_SUBMITTED.name))
    await ground.receive(received)
    case = received.case_id

    delivered = await ground.until(INBOX, case, SupplementDelivered, partitions=1)
    assert isinstance(delivered.data, SupplementDelivered)
    opened = ground.opened(delivered.data.content, authority=GIESSEN, submission_id=supplement.submission_id)
    assert opened == b"{}"
    told = await ground.until(CASE_UPDATED.name, case, CaseSupplemented)
    assert told.submission_id == received.submission_id

    await ground.send(encode(withdrawal(received), CASE_SUBMITTED.name))
    await ground.until(INBOX, case, WithdrawalDelivered, partitions=1)
    await ground.until(CASE_UPDATED.name, case, CaseWithdrawn)


@pytest.mark.usefixtures("router")
async def test_what_was_sealed_with_an_answer_lies_on_its_own_topic_under_its_own_key(ground: Ground) -> None:
    received = ground.submission()
    await ground.receive(received)
    given = AnswerGiven(kind="accepted", content=sealed(purpose="answer"), given_at=RECEIVED_AT)
    own_id = unique("antwort")
    answer = CaseAnswered(authority=GIESSEN, own_id=own_id, answer=given)
    event = about(received.submission_id, answer, event_id=ids.answer_id(GIESSEN, own_id))
    await ground.until(INBOX, received.case_id, SubmissionDelivered, partitions=1)
    await ground.send(encode(event, CASE_ANSWERED.name))
    await ground.until(CASE_UPDATED.name, received.case_id, CaseAccepted)

    written = await ground.records(CASE_MESSAGE.name)
    (message,) = [each for each in written if each.value and str(event.id).encode() in each.value]
    assert message.key == str(ids.child_id(event.id, "message")).encode()
