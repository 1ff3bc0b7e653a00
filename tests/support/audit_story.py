"""A case as auditors meet it: parked, cleared by a person, routed, accepted, decided; with payloads as on the bus."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.audit.domain.payload import canonical
from services.audit.domain.pending_entry import NUMBER, PendingEntry, effects_of
from shared.events.envelope import timestamp
from shared.events.ids import case_id
from tests.support.audit import NOW, SECRECY

SUBMISSION = UUID("0d9a7d0a-3d0e-4a63-9c0c-000000000001")
CASE = SECRECY.case(case_id(SUBMISSION))
NUMBER_OF_STORY = "AW-2026-PTYS-ZFEW-KHPR"
AUTHORITY, SERVICE = "g-06531005", "99050012104000"
_STEPS: list[tuple[str, timedelta, dict[str, Any]]] = [
    ("SubmissionReceived", timedelta(), {"receipt": {"service": SERVICE}}),
    ("SubmissionParked", timedelta(milliseconds=80), {"reason": "ambiguous-place"}),
    (
        "NotificationSettled",
        timedelta(seconds=1),
        {"kind": "received", "channel": "email", "outcome": "sent"},
    ),
    ("AssignOrdered", timedelta(hours=3), {"authority": AUTHORITY}),
    ("SubmissionRouted", timedelta(hours=3, seconds=1), {"authority": AUTHORITY}),
    ("CaseAccepted", timedelta(days=1, hours=2), {"authority": AUTHORITY}),
    (
        "NotificationSettled",
        timedelta(days=1, hours=2, seconds=2),
        {"kind": "accepted", "channel": "email", "outcome": "sent"},
    ),
    ("CaseDecided", timedelta(days=9), {"authority": AUTHORITY, "outcome": "granted"}),
]


def _told(number: int, kind: str, after: timedelta, data: dict[str, Any]) -> PendingEntry:
    id_, type_, time = UUID(int=1000 + number), f"de.amtsweg.{kind}.v1", timestamp(NOW + after)
    payload = canonical(
        {
            "specversion": "1.0",
            "id": str(id_),
            "source": "urn:amtsweg:tests",
            "type": type_,
            "time": time,
            "data": data,
        }
    )
    return PendingEntry(
        id=id_, type=type_, time=time, source="urn:amtsweg:tests", payload=payload, case=CASE,
        authority=data.get("authority"), service=SERVICE if number == 0 else None,
        tokens=(SECRECY.token(NUMBER, NUMBER_OF_STORY),), effects=effects_of(id_, type_, SECRECY),
    )  # fmt: skip


STORY = [_told(number, *step) for number, step in enumerate(_STEPS)]
