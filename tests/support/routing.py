"""The router without Kafka: partition state in memory, real keys, the real directory."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from joserfc.jwk import ECKey

from services.router.adapters.authorities import KeyFile, KnownAuthorities
from services.router.adapters.directory_files import load
from services.router.consumer import Routing
from services.router.domain.decision.resolver import Resolver, Unverified
from services.router.domain.directory.model import Directory
from services.router.handler.clock import Timekeeper
from services.router.handler.refusals import ToldRefusals
from services.router.handler.routing import Handler
from services.router.handler.supplements import Supplements
from shared.crypto.jwe import OwnKey, RecipientKey, Rewrapper, open_sealed, seal
from shared.events import ids
from shared.events.case import AnswerGiven, CaseAnswered
from shared.events.competence import Attributes, CompetenceDecision, Inquiry, Place
from shared.events.envelope import Event, Message, decode, encode
from shared.events.payload import Payload, Sealed
from shared.events.submission import Receipt, SubmissionReceived
from shared.events.suspension import SuspensionTimes
from shared.events.topics import (
    AUTHORITY_INBOX,
    CASE_ANSWERED,
    CATALOGUE,
    PARTITIONS,
    SUBMISSION_HELD,
    SUBMISSION_RECEIVED,
)
from shared.kafka.output_topics import OutputTopics
from shared.kafka.records import Record
from shared.telemetry.metrics import Telemetry
from tests.support.events import GIESSEN, RECEIPT, RECEIVED_AT

HESSEN = Path(__file__).parents[2] / "directory" / "hessen"


def private_key(kid: str) -> dict[str, Any]:
    """A new EC P-256 key pair as JWK."""
    return {**ECKey.generate_key("P-256").as_dict(private=True), "kid": kid, "alg": "ECDH-ES+A256KW"}


def public_part(jwk: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name != "d"}


@cache
def platform_key() -> dict[str, Any]:
    return private_key("platform-2026")


@cache
def authority_key(authority: str) -> dict[str, Any]:
    return private_key(f"{authority}-2026")


@cache
def hessen() -> Directory:
    return load(HESSEN)


@lru_cache(maxsize=8)
def resolver(directory: Directory) -> Resolver:
    return Resolver(directory)


def resolve(
    inquiry: Inquiry, *, directory: Directory, unverified: Unverified = "answer"
) -> CompetenceDecision:
    """The decision by this directory."""
    return resolver(directory).resolve(inquiry, unverified=unverified)


def submission(
    reference: str = "antrag-1",
    *,
    place: Place | None = None,
    attributes: Attributes | None = None,
    content: bytes = b'{"betrieb":"Laden"}',
    receipt: Receipt = RECEIPT,
) -> Event[SubmissionReceived]:
    """A submission as intake publishes it, its content sealed to the platform."""
    submission_id = ids.submission_id("verwaltungsportal", reference)
    sealed = seal(
        content,
        key=RecipientKey(public_part(platform_key())),
        submission_id=submission_id,
        purpose="content",
        content_type="application/json",
    )
    data = SubmissionReceived(
        receipt=receipt,
        place=Place(plz="35390", town="Gießen") if place is None else place,
        attributes=attributes,
        content=Sealed.model_validate_json(sealed),
    )
    return about(submission_id, data, event_id=ids.child_id(submission_id, "received"))


def about(submission_id: UUID, data: Any, *, event_id: UUID) -> Event[Any]:
    """An event of the case that this submission opens."""
    return Event(
        id=event_id,
        source="urn:amtsweg:tests",
        time=RECEIVED_AT,
        case_id=ids.case_id(submission_id),
        submission_id=submission_id,
        data=data,
    )


def answer(
    router: "RouterInMemory", given: AnswerGiven, *, by: str = GIESSEN, number: int = 1
) -> list[Event[Payload]]:
    """What follows when an authority answers the submission."""
    own_id = f"{given.kind}-{number}"
    data = CaseAnswered(authority=by, own_id=own_id, answer=given)
    event = about(submission().submission_id, data, event_id=ids.answer_id(by, own_id))
    return router.take(event, CASE_ANSWERED.name)


def opened(content: Sealed, *, authority: str, submission_id: UUID) -> bytes:
    """What the authority reads with its own key."""
    key = OwnKey(authority_key(authority))
    token = content.model_dump_json(by_alias=True).encode()
    return open_sealed(token, key=key, submission_id=submission_id, purpose="content")


@dataclass
class MemoryState:
    """The engine's state and shelf for one partition; every batch commits."""

    kept: dict[str, bytes] = field(default_factory=dict)
    shelf: dict[str, Record] = field(default_factory=dict)
    superseded: list[str] = field(default_factory=list)

    def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def put(self, key: str, value: bytes) -> None:
        self.kept[key] = value

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)

    def held(self, key: str) -> Record | None:
        return self.shelf.get(key)

    def supersede(self, topic: str) -> None:
        self.superseded.append(topic)


@dataclass
class SuspensionsInMemory:
    """The `SuspensionsRead` of a router that has read every order; ``away``: nobody can say."""

    times: SuspensionTimes = field(default_factory=SuspensionTimes)
    away: bool = False

    def known(self) -> tuple[SuspensionTimes, datetime] | None:
        return None if self.away else (self.times, datetime(9999, 1, 1, tzinfo=UTC))


@dataclass
class RouterInMemory:
    """`Routing` over real parts except Kafka: takes events, remembers what came out."""

    folder: Path
    reachable: Sequence[str] = ("g-06531005", "g-06534014", "hwk-wiesbaden")
    outputs: OutputTopics | None = None
    """What says who has an inbox; without it those that are ``reachable``."""

    keyed: Sequence[str] = ("g-06531005", "g-06534014", "hwk-wiesbaden")
    unverified: Unverified = "answer"
    now: datetime = datetime(2026, 1, 12, 9, 31, tzinfo=UTC)
    version_at: Callable[[datetime], Directory] = lambda _: hessen()
    state: MemoryState = field(default_factory=MemoryState)
    suspensions: SuspensionsInMemory = field(default_factory=SuspensionsInMemory)
    out: list[Message] = field(default_factory=list)
    telemetry: Telemetry = field(default_factory=Telemetry)

    def routing(self, *, monotonic: Callable[[], float] = time.monotonic) -> Routing:
        path = self.folder / "authority-keys.json"
        path.write_text(json.dumps({a: public_part(authority_key(a)) for a in self.keyed}))
        authorities = KnownAuthorities(
            keys=KeyFile(path),
            rewrapper=Rewrapper([OwnKey(platform_key())]),
            has_inbox=self.has_inbox,
            telemetry=self.telemetry,
        )
        handler = Handler(
            directories=self,
            authorities=authorities,
            supplements=Supplements(authorities=authorities, clock=lambda: self.now),
            refusals=ToldRefusals(
                authorities=authorities, clock=lambda: self.now, partitions=lambda: PARTITIONS
            ),
            clock=lambda: self.now,
            unverified=self.unverified,
        )
        timekeeper = Timekeeper(
            authorities=authorities,
            clock=lambda: self.now,
            suspensions=self.suspensions,
        )
        return Routing(handler, timekeeper, telemetry=self.telemetry, monotonic=monotonic)

    def has_inbox(self, authority: str) -> bool:
        if self.outputs is None:
            return authority in self.reachable
        return self.outputs.certainly_available(AUTHORITY_INBOX.for_authority(authority))

    def at(self, instant: datetime, *, on: date | None = None) -> Resolver:
        return resolver(self.version_at(instant))

    def take(self, event: Event[Any], topic: str = SUBMISSION_RECEIVED.name) -> list[Event[Payload]]:
        return self.take_record(record(encode(event, topic)))

    def take_record(self, taken: Record) -> list[Event[Payload]]:
        routing = self.routing()
        if not taken.timestamp_ms:  # written just now
            taken = replace(taken, timestamp_ms=int(1000 * self.now.timestamp()))
        assert all(key in self.state.shelf for key in routing.wants(taken, self.state))
        return self.keep(routing.on_record(taken, self.state))

    def keep(self, messages: Iterable[Message]) -> list[Event[Payload]]:
        """Do with messages what the engine does; return the events among them."""
        come = list(messages)
        self.out += come
        for message in come:
            if message.topic == SUBMISSION_HELD.name:
                key = message.key.decode()
                if message.value is None:
                    self.state.shelf.pop(key, None)
                else:
                    self.state.shelf[key] = record(message)
        return [event_of(m) for m in come if m.value is not None]


def record(message: Message, *, offset: int = 0) -> Record:
    """The message as it lies on its topic."""
    return Record(message.topic, 0, offset, 0, message.key, message.value, message.headers)


def event_of(message: Message) -> Event[Payload]:
    """Read a message by what the catalogue says of its topic."""
    rows = (t for t in CATALOGUE if message.topic in {t.name, t.for_authority(t.authority_of(message.topic))})
    return decode(message.value, message.headers, next(rows).payloads)
