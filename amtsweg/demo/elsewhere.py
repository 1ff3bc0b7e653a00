"""A case whose applicant has no e-mail: a mailbox at the platform, and a letter because nobody reads what lies there."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from amtsweg.demo.checks import TakenPosting
from amtsweg.demo.scenarios import REISEGEWERBE, Posting
from amtsweg.language import said
from amtsweg.stack.description import StackDescription
from amtsweg.stack.errors import StackError
from amtsweg.stack.provision.keys import Keyring
from services.notifier.adapters.mailboxes import verification
from shared.bounded_files import read_bounded, read_bounded_text
from shared.crypto.webhook_signatures import WebhookKeys, signed, symmetric
from shared.events.ids import message_id
from shared.events.notification import MessageKind
from shared.events.submission import Channel

_TOLD: tuple[MessageKind, ...] = ("receipt", "forwarded")
_WITHIN_S = 180.0
_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldElsewhere:
    """What lay in the mailbox, by subject, and the letters that followed; ``signed`` as the platform verifies it."""

    receipt_number: str
    subjects: Sequence[str]
    signed: bool
    letters: Sequence[Path]

    @property
    def holds(self) -> bool:
        """Whether each message lay in the mailbox, signed, and went out as a letter when nobody had read it."""
        return self.signed and len(self.subjects) == len(self.letters) == len(_TOLD)


def unread_posting(*, authority: str, place: dict[str, str]) -> Posting:
    """An application of somebody who never opens their mailbox."""
    run = f"postfach-{int(time.time())}"
    contact = {
        "mailbox": run,
        "name": "Erika Mustermann",
        "address": {"street": "Beispielweg 1", "postalCode": "35037", "town": "Marburg"},
    }
    body = {
        "service": REISEGEWERBE,
        "place": place,
        "contact": contact,
        "language": "de",
        "content": {"antrag": "Reisegewerbe"},
    }
    return Posting(idempotency_key=run, body=body, what="Reisegewerbe", authority=authority)


async def in_mailbox(
    description: StackDescription, taken: TakenPosting, *, keys: Keyring
) -> tuple[Sequence[str], bool]:
    """The subjects of what the platform has for the applicant, and whether it can tell that it comes from us.

    Raises:
        StackError: it does not lie there in time.
    """
    files = await _all_there(description.smtp.mailboxes, taken.case, channel="mailbox", suffix="json")
    client = next(c.client_id for c in description.clients.values() if c.secret is not None)
    secret, _ = verification(WebhookKeys.from_text(read_bounded_text(keys.mailboxes)), client)
    notices = [json.loads(read_bounded(file)) for file in files]
    return [notice["subject"] for notice in notices], all(_verifies(file, secret) for file in files)


async def as_letters(description: StackDescription, taken: TakenPosting) -> Sequence[Path]:
    """The letters to the same applicant.

    Raises:
        StackError: they do not lie there in time.
    """
    return await _all_there(description.smtp.letters, taken.case, channel="letter", suffix="pdf")


async def _all_there(folder: Path, case: UUID, *, channel: Channel, suffix: str) -> Sequence[Path]:
    wanted = [folder / f"{message_id(case, kind, 1, 'applicant', channel)}.{suffix}" for kind in _TOLD]
    deadline = time.monotonic() + _WITHIN_S
    while not all(file.exists() for file in wanted):
        if time.monotonic() > deadline:
            lacking = sum(not file.exists() for file in wanted)
            raise StackError(
                said(
                    de=f"Vorgang {case}: {lacking} von {len(wanted)} Nachrichten fehlen in {folder}",
                    en=f"case {case}: {lacking} of {len(wanted)} messages are missing in {folder}",
                )
            )
        await asyncio.sleep(_LOOK_EVERY_S)
    return wanted


def _verifies(notice: Path, secret: str) -> bool:
    """As a platform does it (Standard Webhooks 1.0), with the secret that it was told."""
    timestamp, signatures = read_bounded_text(notice.with_suffix(".signature")).split("\n")[:2]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = symmetric(key, signed(notice.stem, int(timestamp), read_bounded(notice)))
    return any(hmac.compare_digest(given, expected) for given in signatures.split(" "))
