"""What connects to what: the router's records to its handler, its engine to Kafka. No request from outside comes here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from services.router.adapters.authorities import KeyFile, KnownAuthorities
from services.router.adapters.cases import StoredCases
from services.router.adapters.directory_topic import FollowedDirectories
from services.router.domain.cases.orders import is_order
from services.router.domain.cases.refusals import REFUSALS
from services.router.domain.cases.transitions import CLOSED
from services.router.handler.clock import Timekeeper
from services.router.handler.refusals import ToldRefusals
from services.router.handler.routing import Handler
from services.router.handler.supplements import Supplements
from services.router.ports import Directories
from services.router.settings import Settings
from shared.crypto.jwe import OwnKey, Rewrapper
from shared.engine import InputsRead, KafkaToKafka, Plan, State
from shared.errors import Unavailable
from shared.events.case import CaseAnswered
from shared.events.clock import PeriodEnded, PeriodEnding, StepOverdue
from shared.events.envelope import Event, Message, Undecodable, carries, decode
from shared.events.erasure import EraseOrdered
from shared.events.payload import Payload
from shared.events.submission import SubmissionReceived
from shared.events.supplement import SupplementReceived, WithdrawalReceived
from shared.events.topic_names import dead_letter_topic, sealed_dead_letter_topic
from shared.events.topics import (
    AUTHORITY_INBOX,
    CASE_ANSWERED,
    CASE_CUSTODY,
    CASE_ERASED,
    CASE_MESSAGE,
    CASE_ORDERED,
    CASE_SUBMITTED,
    CASE_UPDATED,
    SUBMISSION_HELD,
    SUBMISSION_RECEIVED,
    SUBMISSION_ROUTED,
    consumed_by,
)
from shared.kafka.client import KafkaAddress
from shared.kafka.lag import lag_of
from shared.kafka.output_topics import OutputTopics
from shared.kafka.partitions import PartitionCheck
from shared.kafka.records import Record
from shared.service.follower import Follower
from shared.service.run import Component
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import HttpServer, create_app

_CLOSED = tuple(f'"standing":"{standing}"'.encode() for standing in CLOSED)
_PERIOD_OVER = b'"period":{'
_OPENED_WITHIN = timedelta(hours=1)
"""How long what is handed in later waits for the submission that opens its case; both lie on the bus already."""

_HANDED_IN = frozenset({SUBMISSION_RECEIVED.name, CASE_SUBMITTED.name})
_INPUTS = {topic.name: topic.payloads for topic in consumed_by("router")}
_BODY_BYTES = 0
"""Nothing is sent here: health and metrics are only read."""


class Routing:
    """The transformation of the group ``router``: records in, the handler's messages out."""

    def __init__(self, handler: Handler, timekeeper: Timekeeper, *, telemetry: Telemetry) -> None:
        self._handler = handler
        self._timekeeper = timekeeper
        self._telemetry = telemetry

    def wants(self, record: Record, state: State) -> Sequence[str]:
        """A person's order and an answer that hands a case on need what was held."""
        if record.topic not in {CASE_ORDERED.name, CASE_ANSWERED.name}:
            return ()
        event = read(record)
        if carries(event, EraseOrdered):
            return ()
        return tuple(map(str, self._handler.wanted(event, StoredCases(state))))

    def on_record(self, record: Record, state: State) -> Sequence[Message]:
        event, cases = read(record), StoredCases(state)
        written_at = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
        if self._handler.is_forgotten(event.case_id, cases, written_at=written_at):
            self._telemetry.count("late_inputs", topic=record.topic)
            return ()
        if record.topic in _HANDED_IN:
            return self._on_handed_in(event, cases, written_at=written_at)
        if carries(event, CaseAnswered):
            return self._handler.on_answered(event, cases)
        if is_order(event):
            messages = self._handler.on_ordered(event, cases)
            if any(message.topic == SUBMISSION_ROUTED.name for message in messages):
                # Decided after all: what the router had failed on need not be tried again.
                state.supersede(SUBMISSION_RECEIVED.name)
            return messages
        if carries(event, EraseOrdered):
            return self._handler.on_erased(event, cases)
        if carries(event, StepOverdue) or carries(event, PeriodEnding) or carries(event, PeriodEnded):
            return self._timekeeper.on_clock(event, cases)
        raise AssertionError(f"{record.topic}: {type(event.data).__name__} has no handler")

    def _on_handed_in(
        self, event: Event[Payload], cases: StoredCases, *, written_at: datetime
    ) -> Sequence[Message]:
        """What is handed in later may be read before the submission that opens its case: then it waits for that.

        Raises:
            Unavailable: try again.
        """
        if carries(event, SubmissionReceived):
            return self._handler.on_received(event, cases)
        young = self._handler.clock() - written_at < _OPENED_WITHIN
        if cases.custody(event.case_id) is None and young:
            raise Unavailable(f"case {event.case_id}: its submission has not been read yet")
        if carries(event, SupplementReceived):
            return self._handler.supplements.on_supplement(event, cases)
        if carries(event, WithdrawalReceived):
            return self._handler.supplements.on_withdrawal(event, cases)
        raise AssertionError(f"{type(event.data).__name__} has no handler")

    def on_poisoned(self, record: Record, state: State) -> Sequence[Message]:
        """A submission is parked, or stays so; what else fails only lies in the dead letter."""
        event, cases = read(record), StoredCases(state)
        if carries(event, SubmissionReceived):
            return self._handler.on_poisoned(event, cases)
        if is_order(event):
            return self._handler.on_poisoned_order(event, cases)
        return ()

    def punctuate(self, keys: Sequence[str], state: State, reading: InputsRead) -> Sequence[Message]:
        """Cases that have long been over leave custody; silence after a period is looked into; refusals are summed up."""
        # Most are open; their bytes, which are ours and without white space, tell so at once.
        stored = {key: state.get(key) or b"" for key in keys}
        closed = [key for key, value in stored.items() if any(over in value for over in _CLOSED)]
        self._handler.forget_expired(map(UUID, closed), StoredCases(state))
        silent = [key for key, value in stored.items() if _PERIOD_OVER in value and key not in closed]
        told = [key.removeprefix(REFUSALS) for key in keys if key.startswith(REFUSALS)]
        concluded = self._timekeeper.conclude(
            map(UUID, silent),
            StoredCases(state),
            answers_read_to=reading.until,
            unread=[UUID(key) for key in silent if reading.blocked(key)],
        )
        return [*concluded, *self._handler.refusals.sum_up(told, StoredCases(state))]


def read(record: Record) -> Event[Payload]:
    """The event of an input record.

    Raises:
        Undecodable: it is none, or its key would send its case to another partition.
    """
    event = decode(record.value, record.headers, _INPUTS[record.topic])
    if record.key != str(event.case_id).encode():
        raise Undecodable("the key is not the case id of header ce_caseid")
    return event


def build(settings: Settings) -> Mapping[str, Component]:
    """Make the real parts: the router, its directory, health and metrics."""
    health, telemetry = Health(), Telemetry()
    address = KafkaAddress.of(settings.kafka)
    outputs = OutputTopics((SUBMISSION_ROUTED.name, CASE_UPDATED.name, CASE_MESSAGE.name, CASE_ERASED.name))
    directories = FollowedDirectories(
        address,
        condition=health.part("directory"),
        telemetry=telemetry,
        on_directory=lambda directory: outputs.expect(*map(inbox_of, directory.authorities)),
        fresh=settings.directory_fresh,
    )
    routing = Routing(
        _handler(settings, directories, outputs=outputs, telemetry=telemetry),
        Timekeeper(clock=_now, zone=ZoneInfo(settings.timezone), ahead=settings.clock_ahead),
        telemetry=telemetry,
    )
    plan = replace(
        ROUTING,
        instance=settings.instance,
        batch_size=settings.batch_size,
        minimum_period=settings.minimum_period,
    )
    outputs.show(telemetry, group=plan.group)
    lag = lag_of("router", address=address, health=health, telemetry=telemetry)
    return {
        "partitions": PartitionCheck.of(address, "router"),
        "directory": Follower(directories, name="directory", health=health),
        "routing": KafkaToKafka(
            plan,
            routing,
            address=address,
            outputs=outputs,
            health=health,
            telemetry=telemetry,
            punctuate=routing.punctuate,
        ),
        "lag": Follower(lag, name="lag", health=health),
        "http": _http(settings, health=health, telemetry=telemetry),
    }


ROUTING = Plan(
    group="router",
    inputs=tuple(_INPUTS),
    dead_letters=dead_letter_topic("router"),
    sealed_dead_letters=sealed_dead_letter_topic("router"),
    state_topic=CASE_CUSTODY.name,
    lookup_topic=SUBMISSION_HELD.name,
    orders=frozenset({CASE_ORDERED.name}),
)
"""Inputs, inbox, routed event, custody and offsets in one transaction per batch."""


def inbox_of(authority: str) -> str:
    return AUTHORITY_INBOX.for_authority(authority)


def _handler(
    settings: Settings, directories: Directories, *, outputs: OutputTopics, telemetry: Telemetry
) -> Handler:
    authorities = KnownAuthorities(
        keys=KeyFile(settings.authority_keys_file),
        rewrapper=Rewrapper(_platform_keys(settings.platform_keys_file)),
        has_inbox=lambda authority: outputs.certainly_available(inbox_of(authority)),
        telemetry=telemetry,
    )
    return Handler(
        directories=directories,
        authorities=authorities,
        supplements=Supplements(authorities=authorities, clock=_now),
        refusals=ToldRefusals(
            authorities=authorities, clock=_now, partitions=lambda: outputs.count(CASE_UPDATED.name)
        ),
        clock=_now,
        zone=ZoneInfo(settings.timezone),
        unverified=settings.unverified,
    )


def _http(settings: Settings, *, health: Health, telemetry: Telemetry) -> HttpServer:
    app = create_app(
        title="Amtsweg router",
        version=version("amtsweg"),
        health=health,
        telemetry=telemetry,
        body_limit=_BODY_BYTES,
    )
    return HttpServer.of(app, settings.http, health=health)


def _platform_keys(path: Path) -> list[OwnKey]:
    return [OwnKey(jwk) for jwk in orjson.loads(path.read_bytes())["keys"]]


def _now() -> datetime:
    return datetime.now(UTC)
