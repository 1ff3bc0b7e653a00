"""One valid event of every kind; a test states only its difference from it."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from pydantic import JsonValue

from shared.crypto.key_wrapping import Use
from shared.events import ids
from shared.events.clock import PeriodEnded
from shared.events.competence import Candidate, CompetenceDecision, Inquiry, Place, Reason, Why
from shared.events.envelope import Event, P
from shared.events.payload import Sealed, SealedRecipient
from shared.events.sealed_answer import AnswerKeys, SealingKey, SealingKeySet
from shared.events.submission import Assignment, Receipt

RECEIVED_AT = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
SUBMISSION_ID = ids.submission_id("verwaltungsportal", "golden-1")
CASE_ID = ids.case_id(SUBMISSION_ID)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

GIESSEN = "g-06531005"
TRADE_REGISTRATION = "99050012104000"

RECEIPT = Receipt(
    receipt_number="AW-2026-7F3K-9Q2M",
    received_at=RECEIVED_AT,
    client_id="verwaltungsportal",
    client_reference_hash="hmac-sha256:" + "7c" * 32,
    service=TRADE_REGISTRATION,
    language="de",
    content_hash="hmac-sha256:" + "5a" * 32,
)
PLACE = Place(plz="35390", town="Gießen")
ASSIGNMENT = Assignment(role="Klärungsstelle", reason="Standort liegt auf der Gemeindegrenze")

_INQUIRY = Inquiry(service=TRADE_REGISTRATION, place=PLACE, on=date(2026, 1, 12))
_VERSION = "sha256:" + "0c" * 32

ROUTED = CompetenceDecision(
    outcome="routed",
    authority=GIESSEN,
    candidates=(Candidate(authority="g-06531018", why=Why.OTHER_TOWN),),
    rule="99050012104000/gemeinde",
    verified=True,
    areas=("06531005",),
    inquiry=_INQUIRY,
    directory_version=_VERSION,
)
PARKED = CompetenceDecision(
    outcome="parked",
    reason=Reason.AMBIGUOUS_PLACE,
    candidates=(
        Candidate(authority=GIESSEN, why=Why.POSSIBLE_PLACE),
        Candidate(authority="g-06531018", why=Why.POSSIBLE_PLACE),
    ),
    rule="99050012104000/gemeinde",
    verified=True,
    areas=("06531005", "06531018"),
    inquiry=Inquiry(service=TRADE_REGISTRATION, place=Place(plz="35390"), on=date(2026, 1, 12)),
    directory_version=_VERSION,
)

PERIOD_ENDED = PeriodEnded(
    receipt=RECEIPT,
    authority=GIESSEN,
    profile="three-months-deemed-approval",
    period_ended_on=date(2026, 4, 15),
    fiction_from=date(2026, 4, 16),
    deemed="approval",
    certain=True,
    grace_until=date(2026, 4, 16),
    extended=False,
)

ANSWER_KEYS = AnswerKeys(
    submission_id=SUBMISSION_ID,
    client=SealingKeySet(
        keys=(
            SealingKey(kty="EC", kid="verwaltungsportal-2026", crv="P-256", x="A" * 43, y="B" * 43),
            SealingKey(kty="RSA", kid="verwaltungsportal-2027", alg="RSA-OAEP-256", n="C" * 512, e="AQAB"),
        )
    ),
    notifier=SealingKeySet(
        keys=(SealingKey(kty="EC", kid="notifier-2026", use="enc", crv="P-256", x="D" * 43, y="E" * 43),)
    ),
)


POINT: Final[dict[str, JsonValue]] = {
    "kty": "EC",
    "crv": "P-256",
    "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
    "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
}
"""The base point of P-256: a public key that belongs to nobody."""


def sealed(
    kid: str = "platform-2026",
    *,
    cty: str = "application/json",
    purpose: str = "content",
    submission_id: UUID = SUBMISSION_ID,
) -> Sealed:
    """A sealed object of the right shape; it holds nothing and nobody can open it."""
    protected = {"enc": "A256GCM", "cty": cty, "submissionId": str(submission_id), "purpose": purpose}
    return Sealed(
        protected=urlsafe_b64encode(json.dumps(protected).encode()).decode().rstrip("="),
        recipients=(
            SealedRecipient(
                header={
                    "alg": "ECDH-ES+A256KW",
                    "kid": kid,
                    "epk": POINT,
                },
                encrypted_key="C" * 54,
            ),
        ),
        iv="D" * 16,
        ciphertext="E" * 64,
        tag="F" * 22,
    )


def sealed_part(purpose: str = "answer") -> Sealed:
    """A part of an answer as the door takes it; nobody can open it either."""
    made = sealed("client-2026", purpose=purpose)
    (entry,) = made.recipients
    bound = entry.header | {"apu": Use(SUBMISSION_ID, purpose).apu, "apv": Use(SUBMISSION_ID, purpose).apv}
    return made.model_copy(update={"recipients": (entry.model_copy(update={"header": bound}),)})


def event(
    data: P, *, event_id: UUID | None = None, minutes: int = 0, traceparent: str | None = TRACEPARENT
) -> Event[P]:
    """An event of the case with this payload, so many minutes after receipt."""
    return Event(
        id=event_id or ids.child_id(SUBMISSION_ID, type(data).__name__),
        source="urn:amtsweg:tests",
        time=RECEIVED_AT + timedelta(minutes=minutes),
        case_id=CASE_ID,
        submission_id=SUBMISSION_ID,
        data=data,
        traceparent=traceparent,
    )
