"""A period that ends in silence, with a clock that is set ahead: what everyone is told of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID

import httpx

from amtsweg.demo.checks import TakenPosting
from amtsweg.demo.elsewhere import ToldElsewhere, as_letters, in_mailbox, unread_posting
from amtsweg.demo.holders import HoldingAuthority
from amtsweg.demo.observe import to_the_ends
from amtsweg.demo.platform import Platform
from amtsweg.demo.scenarios import REISEGEWERBE, Posting
from amtsweg.language import said
from amtsweg.stack import supervisor
from amtsweg.stack.description import StackDescription
from amtsweg.stack.errors import StackError
from amtsweg.stack.provision.keys import Keyring
from amtsweg.stack.service import CLOCK_AHEAD
from shared.bounded_files import LARGE, read_bounded
from shared.events.case import CaseAccepted, CaseDeemedApproved
from shared.events.envelope import Event, decode
from shared.events.ids import message_id
from shared.events.notification import MessageKind
from shared.events.payload import Payload
from shared.events.topics import AUTHORITY_INBOX, CASE_UPDATED
from shared.kafka.partitions import partitions_of

TOLD: tuple[MessageKind, ...] = ("receipt", "forwarded", "acknowledgement", "deemed-approval")
_AUTHORITY = "g-06534014"
_PLACE = {"plz": "35037", "town": "Marburg"}
_BEYOND_THE_GRACE_DAYS = 7
_WITHIN_S = 180.0
_LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What was seen: the applicant's mails as (subject, text), the kinds of records in the authority's inbox."""

    receipt_number: str
    authority: str
    period_ends: date
    days_ahead: int
    mails: Sequence[tuple[str, str]]
    inbox: Sequence[str]
    elsewhere: ToldElsewhere

    @property
    def holds(self) -> bool:
        """Whether everyone has been told, the applicant of each thing once."""
        everyone = len(self.mails) == len(TOLD) and "CaseDeemedApproved" in self.inbox
        return everyone and self.elsewhere.holds


async def let_end_in_silence(description: StackDescription, *, var: Path) -> Silence:
    """Hand in one application, have it confirmed, set the clock ahead of the end of its period, and look.

    Beside it one of somebody who never opens their mailbox.

    Raises:
        StackError: something is not told in time.
    """
    async with Platform.of(description) as platform:
        taken = await platform.post(_posting())
        other = await platform.post(unread_posting(authority=_AUTHORITY, place=_PLACE))
    if taken is None or other is None:
        raise StackError(said(de="intake antwortet nicht", en="intake does not answer"))
    await _confirm(description, taken.case)
    await _until(description, taken.case, CaseAccepted)
    ends = await _period_ends(description)
    days = (ends - datetime.now(UTC).date()).days + _BEYOND_THE_GRACE_DAYS
    subjects, is_signed = await in_mailbox(description, other, keys=Keyring(var / "keys"))
    async with _clock_ahead(var, days):
        await _until(description, taken.case, CaseDeemedApproved)
        mails = await _mails(description, taken)
        letters = await as_letters(description, other)
    inbox = [e async for e in _events(description, AUTHORITY_INBOX.for_authority(_AUTHORITY), taken.case)]
    return Silence(
        receipt_number=taken.receipt_number,
        authority=_AUTHORITY,
        period_ends=ends,
        days_ahead=days,
        mails=mails,
        inbox=[type(event.data).__name__ for event in inbox],
        elsewhere=ToldElsewhere(
            receipt_number=other.receipt_number, subjects=subjects, signed=is_signed, letters=letters
        ),
    )


def _posting() -> Posting:
    run = f"fiktion-{int(time.time())}"
    body = {
        "service": REISEGEWERBE,
        "place": _PLACE,
        "contact": {"email": f"{run}@example.org"},
        "language": "de",
        "content": {"antrag": "Reisegewerbe"},
    }
    return Posting(idempotency_key=run, body=body, what="Reisegewerbe", authority=_AUTHORITY)


async def _confirm(description: StackDescription, case: UUID) -> None:
    """As the authority: confirm the case as soon as it lies there, and never decide it."""
    async with HoldingAuthority.of(description, _AUTHORITY) as holder, asyncio.timeout(_WITHIN_S):
        while True:
            try:
                return await holder.answer(case, "accepted")
            except httpx.HTTPStatusError:  # until the case lies with the authority, nobody knows it
                await asyncio.sleep(_LOOK_EVERY_S)


async def _period_ends(description: StackDescription) -> date:
    asked = {"service": REISEGEWERBE, "receivedAt": datetime.now(UTC).isoformat(timespec="seconds")}
    async with httpx.AsyncClient(base_url=description.urls.notifier, timeout=30) as http:
        found = await http.get("/v1/deadlines", params=asked)
    found.raise_for_status()
    return date.fromisoformat(found.json()["periodEnds"])


@asynccontextmanager
async def _clock_ahead(var: Path, days: int) -> AsyncIterator[None]:
    """The two services that look at the calendar, started again with their clock so far ahead; afterwards as before."""
    file = var / CLOCK_AHEAD
    file.write_text(f"P{days}D", encoding="utf-8")
    try:
        await asyncio.to_thread(_start_again, var)
        yield
    finally:
        file.unlink(missing_ok=True)
        await asyncio.to_thread(_start_again, var)


def _start_again(var: Path) -> None:
    for name in ("notifier", "router"):
        supervisor.end(var, name)


async def _until(description: StackDescription, case: UUID, kind: type[Payload]) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while time.monotonic() < deadline:
        async for event in _events(description, CASE_UPDATED.name, case):
            if isinstance(event.data, kind):
                return
        await asyncio.sleep(_LOOK_EVERY_S)
    raise StackError(
        said(
            de=f"Vorgang {case}: {kind.__name__} kam nicht binnen {_WITHIN_S:.0f} s",
            en=f"case {case}: {kind.__name__} was not said within {_WITHIN_S:.0f} s",
        )
    )


async def _events(description: StackDescription, topic: str, case: UUID) -> AsyncIterator[Event[Payload]]:
    row = CASE_UPDATED if topic == CASE_UPDATED.name else AUTHORITY_INBOX
    partitions = await partitions_of(description.kafka.address, topic)
    async for record in to_the_ends(description.kafka, partitions):
        if record.key == str(case).encode():
            yield decode(record.value, record.headers, row.payloads)


async def _mails(description: StackDescription, taken: TakenPosting) -> Sequence[tuple[str, str]]:
    ids = {str(message_id(taken.case, kind, 1, "applicant", "email")): kind for kind in TOLD}
    deadline = time.monotonic() + _WITHIN_S
    found: list[tuple[str, str, str]] = []
    while len(found) < len(ids) and time.monotonic() < deadline:
        await asyncio.sleep(_LOOK_EVERY_S)
        found = await asyncio.to_thread(_read, description.smtp.maildir, ids)
    order = list(ids)
    return [(subject, text) for _, subject, text in sorted(found, key=lambda each: order.index(each[0]))]


def _read(maildir: Path, ids: dict[str, MessageKind]) -> list[tuple[str, str, str]]:
    """Message id, subject and text of these mails, as often as they lie there."""
    found = []
    for file in (maildir / "new").iterdir():
        message = message_from_bytes(read_bounded(file, most=LARGE), policy=policy.SMTP)
        name = str(message["Message-ID"]).strip("<>").split("@")[0]
        if name in ids:
            body = message.get_body(("plain",))
            found.append((name, str(message["Subject"]), str(body.get_content()) if body else ""))
    return found
