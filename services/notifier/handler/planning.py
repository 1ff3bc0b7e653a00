"""From events to planned messages: one call per batch, inside the transaction that stores its offsets."""

from collections.abc import Sequence
from dataclasses import replace

from services.notifier.domain.case import Case
from services.notifier.domain.deadlines.law import Law
from services.notifier.domain.message import ApplicantMessage, told
from services.notifier.domain.plan import plan
from services.notifier.ports import CaseStore
from shared.events.case import CaseMessage
from shared.events.envelope import Event, carries
from shared.events.erasure import EraseOrdered
from shared.events.notification import NotificationRead, NotificationSettled
from shared.events.payload import Payload
from shared.events.submission import SubmissionHeld


async def on_events(events: Sequence[Event[Payload]], ledger: CaseStore, law: Law) -> None:
    """Plan the messages that these events call for, and note what became of earlier ones."""
    settled = [event for event in events if carries(event, NotificationSettled)]
    read = [event for event in events if carries(event, NotificationRead)]
    sealed = [event for event in events if carries(event, CaseMessage)]
    apart = (NotificationSettled, NotificationRead, CaseMessage)
    news = [event for event in events if not isinstance(event.data, apart)]
    known = {case.id: case for case in await ledger.cases({event.case_id for event in news})}
    removed = await ledger.removed({event.case_id for event in news} - known.keys())
    messages: list[ApplicantMessage] = []
    for event in news:
        if event.case_id in removed:
            continue  # a replay, a long time after the case closed: everything has been told
        case = known.get(event.case_id) or Case(event.case_id)
        planned = plan(event, case, law)
        messages += (replace(each, traceparent=event.traceparent) for each in planned)
        known[case.id] = case.after(event, *map(told, planned))
    await ledger.keep(known.values(), messages)
    await ledger.close(settled)
    await ledger.note_read(read)
    await ledger.note([event for event in sealed if event.data.notice is not None])
    orders = [event for event in news if carries(event, EraseOrdered)]
    await ledger.erase([case.id for case in known.values() if case.contact == "erased"], orders)


async def recall(held: Sequence[Event[SubmissionHeld]], ledger: CaseStore) -> None:
    """Take contacts of known cases from what the router holds; those that are known already stay."""
    contacts = {event.case_id: event.data.contact for event in held}
    cases = [case.recalling(contacts[case.id]) for case in await ledger.cases(contacts)]
    await ledger.keep(cases, ())
