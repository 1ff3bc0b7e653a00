"""The clerk's page on a port of its own, over fakes: everything that crosses the wire is written down."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import httpx
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.router.adapters.clerk_position import ClerkPosition
from services.router.adapters.clerks import clerks
from services.router.adapters.http.answers import answer_routes
from services.router.adapters.http.authority_search import authority_search
from services.router.adapters.http.clerk import FILES, PAGE
from services.router.adapters.http.clerk.routes import clerk_routes
from services.router.domain.cases.inbox import InboxRecord
from services.router.domain.cases.owed_case import OwedCase
from services.router.handler.answers import AnswerDoor
from shared.access.principal import Principal
from shared.crypto.jwe import OwnKey, RecipientKey, open_sealed, seal
from shared.crypto.key_strength import is_sealing_point
from shared.events import ids
from shared.events.case import CaseAnswered
from shared.events.custody import CustodyState
from shared.events.envelope import Message as Sent
from shared.events.envelope import event_type
from shared.events.payload import Payload, Sealed
from shared.events.sealed_answer import AnswerKeys, SealingKey, SealingKeySet
from shared.events.submission import SubmissionDelivered
from shared.events.supplement import SupplementDelivered
from shared.settings import SignIn
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app
from shared.web.pages import file_routes
from shared.web.sign_in import sign_in_parts
from tests.support.doors import ALL, DoorsInMemory
from tests.support.events import GIESSEN, RECEIPT, RECEIVED_AT
from tests.support.routing import authority_key, event_of, hessen, private_key, public_part
from tests.support.served import served_with_issuer, sign_in_at

STANDINGS: dict[str, CustodyState] = {
    "accepted": "accepted",
    "information-requested": "information-requested",
}
STAYS = {"extended", "unreadable", "certified"}
CLIENT_KEY = private_key("landesplattform-1")
NOTIFIER_KEY = private_key("notifier-1")


@dataclass
class ClerksDoors(DoorsInMemory):
    """The doors, and a router that acts on each answer at once. ``wire`` is every byte of every body."""

    wire: list[bytes] = field(default_factory=list)

    async def publish(self, message: Sent) -> None:
        await super().publish(message)
        event = event_of(message)
        assert isinstance(event.data, CaseAnswered)
        held = self.custody.seen.pop(event.case_id)
        assert isinstance(held, OwedCase)
        kind = event.data.answer.kind
        standing = held.standing if kind in STAYS else STANDINGS.get(kind)
        if standing is not None:
            self.stands(event.case_id, held, standing)

    def stands(self, case: UUID, held: OwedCase, standing: CustodyState, *, supplements: int = 0) -> None:
        self.custody.seen[case] = replace(
            held, standing=standing, since=self.now, supplements=held.supplements + supplements
        )

    def supplement(self, case: UUID, content: bytes) -> None:
        """Something is handed in to a case that lies with the authority."""
        held = self.custody.seen[case]
        assert isinstance(held, OwedCase)
        submission = ids.submission_id("verwaltungsportal", f"nachreichung {held.supplements}")
        delivered = SupplementDelivered(
            receipt=RECEIPT,
            authority=held.authority,
            content=_sealed(content, submission=submission, authority=held.authority),
        )
        self._put(held.authority, case, submission, SupplementDelivered, delivered.to_json())
        self.stands(case, held, "supplemented", supplements=1)

    def deliver(self, content: bytes, *, number: str, authority: str = GIESSEN) -> UUID:
        """Route a submission to the authority; returns its case."""
        submission = ids.submission_id("verwaltungsportal", number)
        case = ids.case_id(submission)
        receipt = RECEIPT.model_copy(update={"receipt_number": number})
        delivered = SubmissionDelivered(
            receipt=receipt,
            authority=authority,
            content=_sealed(content, submission=submission, authority=authority),
            answer_keys=AnswerKeys(
                submission_id=submission,
                client=SealingKeySet(keys=(SealingKey.model_validate(public_part(CLIENT_KEY)),)),
                notifier=SealingKeySet(keys=(SealingKey.model_validate(public_part(NOTIFIER_KEY)),)),
            ),
        )
        self._put(authority, case, submission, SubmissionDelivered, delivered.to_json())
        self.custody.seen[case] = OwedCase(
            submission_id=submission,
            standing="routed",
            authority=authority,
            receipt_number=number,
            received_at=RECEIVED_AT,
            service=receipt.service,
            since=RECEIVED_AT,
            delivered=(RECEIVED_AT,),
        )
        return case

    def _put(self, authority: str, case: UUID, submission: UUID, kind: type[Payload], value: bytes) -> None:
        headers = {"ce_caseid": str(case), "ce_submissionid": str(submission), "ce_type": event_type(kind)}
        self.inboxes.written.setdefault(authority, []).append(
            InboxRecord(
                authority=authority,
                offset=len(self.inboxes.written.get(authority, [])),
                headers=tuple((name, told.encode()) for name, told in headers.items()),
                value=value,
                written_ms=int(RECEIVED_AT.timestamp() * 1000),
            )
        )

    def get(self, principal: str) -> Principal | None:
        """As `shared.access.principals.KnownPrincipals`: every authority is registered."""
        if principal not in hessen().authorities:
            return None
        return Principal(
            id=principal,
            kind="authority",
            name=principal,
            scopes=frozenset(ALL),
            authorities=frozenset({principal}),
            registered_at=RECEIVED_AT,
        )


class Recorded:
    """Writes down every body that comes and goes."""

    def __init__(self, app: ASGIApp, *, wire: list[bytes]) -> None:
        self._app = app
        self._wire = wire

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noting_receive() -> Message:
            message = await receive()
            self._wire.append(message.get("body", b""))
            return message

        async def noting_send(message: Message) -> None:
            self._wire.append(message.get("body", b""))
            await send(message)

        self._wire.append(str(scope.get("query_string", b"")).encode())
        await self._app(scope, noting_receive, noting_send)


def _sealed(content: bytes, *, submission: UUID, authority: str) -> Sealed:
    token = seal(
        content,
        key=RecipientKey(public_part(authority_key(authority))),
        submission_id=submission,
        purpose="content",
        content_type="application/json",
    )
    return Sealed.model_validate_json(token)


@asynccontextmanager
async def clerks_page(doors: ClerksDoors) -> AsyncIterator[str]:
    """The page while the block runs, with a local issuer; its base URL."""
    settings = sign_in_at("doors")
    async with served_with_issuer(clerk_app(doors, settings), settings, page=PAGE) as url:
        yield url


def clerk_app(doors: ClerksDoors, settings: SignIn, *, http: httpx.AsyncClient | None = None) -> FastAPI:
    """The page's part of the doors' application; ``http`` asks the issuer."""
    signed_in = sign_in_parts(
        settings, door="doors", page=PAGE, admit=clerks(doors), clock=lambda: doors.now, secret="s", http=http
    )
    telemetry = Telemetry()
    door = AnswerDoor(
        store=doors.store,
        custody=doors.custody,
        bus=doors,
        looks=doors.looks,
        clock=lambda: doors.now,
        secret=b"secret",
        known=lambda authority: authority in hessen().authorities,
        is_point=is_sealing_point,
    )
    same = APIRouter(prefix=PAGE)
    same.include_router(answer_routes(door, gate=signed_in.gate, telemetry=telemetry))
    position = ClerkPosition(
        inboxes=doors.inboxes,
        looks=doors.looks,
        webhooks=doors.webhooks,
        custody=doors.custody,
        clock=lambda: doors.now,
    )
    listing = clerk_routes(
        doors,
        opened=doors.note_opened,
        inboxes=doors.inboxes,
        position=position,
        due=doors,
        gate=signed_in.gate,
        directory=hessen,
    )
    search = authority_search(
        page=PAGE, gate=signed_in.gate, scope="inbox.read", directory=hessen, today=doors.now.date
    )
    app = create_app(title="doors", version="1", health=Health(), telemetry=telemetry, body_limit=2**21)
    for routes in (signed_in.routes, listing, search, same, file_routes(FILES, page=PAGE)):
        app.include_router(routes)
    app.add_middleware(Recorded, wire=doors.wire)
    return app


def opened_part(part: dict[str, Any], key: dict[str, Any], *, submission: UUID, purpose: str) -> Any:
    """What the owner of the key reads in a sealed part of an answer."""
    return json.loads(
        open_sealed(json.dumps(part).encode(), key=OwnKey(key), submission_id=submission, purpose=purpose)
    )
