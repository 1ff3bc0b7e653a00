"""Silence at a real router: a decision that was taken at the door is never overtaken, even by a router that was stopped."""

import asyncio
from datetime import date
from uuid import UUID

from amtsweg.stack.service import ServiceProcess
from shared.events import ids
from shared.events.case import (
    AnswerGiven,
    AnswerKind,
    CaseAccepted,
    CaseAnswered,
    CaseDecided,
    CaseDeemedApproved,
    PeriodExtended,
)
from shared.events.clock import ExtensionIneffective
from shared.events.envelope import Event, Message, encode
from shared.events.submission import SubmissionReceived, SubmissionRouted
from shared.events.topics import AUTHORITY_INBOX, CASE_ANSWERED, CASE_CLOCK, CASE_UPDATED, SUBMISSION_ROUTED
from tests.integration.router.conftest import Ground
from tests.support.events import GIESSEN, PERIOD_ENDED, RECEIPT, RECEIVED_AT
from tests.support.routing import about


def answered(case: Event[SubmissionReceived], kind: AnswerKind) -> Message:
    stated = AnswerGiven(kind=kind, outcome="refused" if kind == "decided" else None, given_at=RECEIVED_AT)
    own_id = f"{case.case_id}/{kind}"
    data = CaseAnswered(authority=GIESSEN, own_id=own_id, answer=stated)
    event = about(case.submission_id, data, event_id=ids.answer_id(GIESSEN, own_id))
    return encode(event, CASE_ANSWERED.name)


def extended(case: Event[SubmissionReceived], number: int) -> Message:
    stated = AnswerGiven(kind="extended", months=1, given_at=RECEIVED_AT)
    own_id = f"{case.case_id}/extended-{number}"
    data = CaseAnswered(authority=GIESSEN, own_id=own_id, answer=stated)
    event = about(case.submission_id, data, event_id=ids.answer_id(GIESSEN, own_id))
    return encode(event, CASE_ANSWERED.name)


def ended(case: Event[SubmissionReceived]) -> Message:
    """A period whose grace was over long ago, so that nothing but the reading of the answers is waited for."""
    data = PERIOD_ENDED
    return encode(
        about(case.submission_id, data, event_id=ids.child_id(case.case_id, "period-ended")), CASE_CLOCK.name
    )


async def confirmed(ground: Ground, *cases: Event[SubmissionReceived]) -> None:
    await ground.receive(*cases)
    for case in cases:  # topics are read apart: an answer that is read before its case is refused
        await ground.until(SUBMISSION_ROUTED.name, case.case_id, SubmissionRouted)
    await ground.send(*(answered(case, "accepted") for case in cases))
    for case in cases:
        await ground.until(CASE_UPDATED.name, case.case_id, CaseAccepted)


async def outcomes(ground: Ground, *cases: UUID) -> list[str]:
    told = await ground.told(CASE_UPDATED.name, cases)
    return [type(e.data).__name__ for e in told if isinstance(e.data, CaseDecided | CaseDeemedApproved)]


async def test_a_decision_in_flight_is_not_overtaken_and_silence_is_concluded_once(
    ground: Ground, router: ServiceProcess
) -> None:
    decided, silent = ground.submission(), ground.submission()
    await confirmed(ground, decided, silent)
    await asyncio.to_thread(router.stop)
    try:
        # The period's end is there first; the decision was taken at the door while the router stood still.
        await ground.send(ended(decided), ended(silent))
        await ground.send(answered(decided, "decided"))
    finally:
        await asyncio.to_thread(router.start)
    told = await ground.until(CASE_UPDATED.name, silent.case_id, CaseDeemedApproved, seconds=90)
    inbox = AUTHORITY_INBOX.for_authority(GIESSEN)
    heard = await ground.until(inbox, silent.case_id, CaseDeemedApproved, partitions=1)
    assert heard.id == told.id
    await ground.until(CASE_UPDATED.name, decided.case_id, CaseDecided)
    assert await outcomes(ground, decided.case_id) == ["CaseDecided"]
    assert await outcomes(ground, silent.case_id) == ["CaseDeemedApproved"]


async def test_an_extension_without_effect_reaches_the_authority_once_and_the_legal_one_stays_free(
    ground: Ground, router: ServiceProcess
) -> None:
    case, inbox = ground.submission(), AUTHORITY_INBOX.for_authority(GIESSEN)
    await confirmed(ground, case)
    vain = ExtensionIneffective(
        receipt=RECEIPT,
        authority=GIESSEN,
        months=1,
        reason="too-late",
        period_ends=date(2026, 4, 15),
        extended_at=RECEIVED_AT,
    )
    told = about(case.submission_id, vain, event_id=ids.child_id(case.case_id, "in-vain"))
    await ground.send(extended(case, 1))
    await ground.until(CASE_UPDATED.name, case.case_id, PeriodExtended)
    await ground.send(encode(told, CASE_CLOCK.name), encode(told, CASE_CLOCK.name))
    heard = await ground.until(inbox, case.case_id, ExtensionIneffective, partitions=1)
    assert heard.id == told.id
    await ground.send(extended(case, 2))
    extensions = 0
    async with asyncio.timeout(60):
        while extensions < 2:
            updates = await ground.told(CASE_UPDATED.name, [case.case_id])
            extensions = sum(isinstance(event.data, PeriodExtended) for event in updates)
    of_inbox = await ground.told(inbox, [case.case_id], partitions=1)
    assert [event.id for event in of_inbox if isinstance(event.data, ExtensionIneffective)] == [told.id]
