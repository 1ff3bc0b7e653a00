"""What connects to what: events to plans, plans to mails, outcomes back to the bus."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from random import Random
from time import monotonic

import orjson
from fastapi import FastAPI

from services.notifier.adapters.contacts import SealedContacts
from services.notifier.adapters.delivery_metrics import DeliveryWatch
from services.notifier.adapters.directory_files import DirectoryFiles
from services.notifier.adapters.http.deadlines import add_deadlines
from services.notifier.adapters.http.status import add_status
from services.notifier.adapters.law_files import open_law
from services.notifier.adapters.maintenance import Replanning, Resumed, Upkeep
from services.notifier.adapters.postgres import MIGRATIONS, SCHEMA
from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.ledger import PostgresCaseStore
from services.notifier.adapters.postgres.queue import PostgresQueue
from services.notifier.adapters.postgres.shares import Shares
from services.notifier.adapters.postgres.timers import DueTimers, TimerLedger
from services.notifier.adapters.replay import HeldSubmissions, Inputs
from services.notifier.adapters.smtp import MailServer, SmtpMailer
from services.notifier.adapters.template_files import read_texts
from services.notifier.domain.address import Address
from services.notifier.domain.deadlines.law import Law
from services.notifier.domain.mail import MailSender
from services.notifier.domain.retry import RetryPolicy
from services.notifier.domain.token_bucket import Pace
from services.notifier.domain.writing import Writer
from services.notifier.handler.delivery import MailDelivery
from services.notifier.handler.planning import on_events, recall
from services.notifier.handler.send_loop import Rounds
from services.notifier.handler.ticking import Ticking, set_timers
from services.notifier.settings import Settings, SmtpConnection
from shared.crypto.jwe import OwnKey
from shared.engine import KafkaToPostgres, Plan
from shared.events.envelope import Event, Undecodable, decode
from shared.events.payload import Payload
from shared.events.topics import CASE_CLOCK, CASE_ERASED, NOTIFICATION_SETTLED, consumed_by, dead_letter_topic
from shared.kafka.client import KafkaAddress
from shared.kafka.lag import lag_of
from shared.kafka.publisher import Publisher
from shared.kafka.records import Record
from shared.postgres import migrations, offsets
from shared.postgres import pool as postgres
from shared.postgres.outbox import OutboxPublisher
from shared.postgres.pool import Connection, Pool
from shared.service.follower import Follower
from shared.service.run import Component
from shared.settings import read_secret
from shared.telemetry.health import Condition, Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import HttpServer, create_app

_TOPICS = consumed_by("notifier")
_PAYLOADS = {topic.name: topic.payloads for topic in _TOPICS}
_STATUS_DAYS = 7
_BODY_BYTES = 1024  # nothing is posted here

PLANNING = Plan(
    group="notifier",
    inputs=tuple(_PAYLOADS),
    dead_letters=dead_letter_topic("notifier"),
    batch_wait=timedelta(milliseconds=20),
)
"""Plans and offsets in one PostgreSQL transaction per batch."""


class Planning:
    """The projection of the group ``notifier``: events in, planned messages and timers out."""

    def __init__(self, law: Law) -> None:
        self._law = law

    async def apply(self, connection: Connection, records: Sequence[Record]) -> None:
        events = [read(record) for record in records]
        await on_events(events, PostgresCaseStore(connection), self._law)
        await set_timers(events, TimerLedger(connection), self._law)


class Rebuild:
    """The `Replay`: inputs to the ends noted at the start, then contacts that have expired from them."""

    def __init__(
        self, inputs: Inputs, held: HeldSubmissions, queue: PostgresQueue, *, pool: Pool, condition: Condition
    ) -> None:
        self._inputs = inputs
        self._held = held
        self._queue = queue
        self._pool = pool
        self._condition = condition

    async def caught_up(self) -> None:
        self._condition.set("unready", reason="what was sent before is being replayed")
        await self._inputs.replayed()
        if await self._queue.lacks_contacts():
            async for held in self._held.read():
                async with postgres.transaction(self._pool) as connection:
                    await recall(held, PostgresCaseStore(connection))
        self._condition.set("ready")


def read(record: Record) -> Event[Payload]:
    """The event of an input record.

    Raises:
        Undecodable: it is none, or its key would send its case to another partition.
    """
    event = decode(record.value, record.headers, _PAYLOADS[record.topic])
    if record.key != str(event.case_id).encode():
        raise Undecodable("the key is not the case id of header ce_caseid")
    return event


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Mapping[str, Component]]:
    """Make the real parts, over a schema brought up to date.

    Raises:
        Unavailable: PostgreSQL cannot be reached.
    """
    store = settings.postgres
    password = read_secret(store.password_file) if store.password_file else None
    await migrations.upgrade(store.url, schema=SCHEMA, folder=MIGRATIONS, password=password)
    pool = await postgres.open_pool(
        store.url, schema=SCHEMA, password=password, size=store.pool_size, reset=False
    )
    try:
        yield _parts(settings, pool)
    finally:
        pool.terminate()  # every part has ended: nobody uses a connection any more


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    """What the parts hold in common."""

    address: KafkaAddress
    pool: Pool
    queue: PostgresQueue
    history: StoreHistory
    clock_history: StoreHistory
    law: Law
    health: Health = field(default_factory=Health)
    telemetry: Telemetry = field(default_factory=Telemetry)


def _parts(settings: Settings, pool: Pool) -> Mapping[str, Component]:
    plan = replace(PLANNING, instance=settings.instance)
    history = StoreHistory(plan.group)
    common = _Common(
        address=KafkaAddress.of(settings.kafka),
        pool=pool,
        queue=PostgresQueue(pool, lease=settings.lease, history=history),
        history=history,
        clock_history=StoreHistory(plan.group),
        law=open_law(settings.directory),
    )
    health, telemetry = common.health, common.telemetry
    publisher = Publisher(
        common.address,
        health=health,
        topics=(NOTIFICATION_SETTLED.name, CASE_CLOCK.name, CASE_ERASED.name, plan.dead_letters),
    )
    condition = health.part("messages")
    upkeep = Upkeep(
        common.queue, kept_for=settings.contact_kept_for, condition=condition, telemetry=telemetry
    )
    stored = partial(offsets.stored, pool, plan.group)
    lag = lag_of("notifier", address=common.address, stored=stored, health=health, telemetry=telemetry)
    app = application(law=common.law, health=common.health, telemetry=common.telemetry)
    add_status(app, shares=Shares(pool, over=timedelta(days=_STATUS_DAYS)), days=_STATUS_DAYS)
    return {
        "publisher": publisher,
        "outbox": OutboxPublisher(pool, publisher, schema=SCHEMA, health=health, telemetry=telemetry),
        "planning": _planning(plan, common),
        "sending": _sending(settings, common),
        "clock": Follower(_clock(common, settings.clock_ahead), name="clock", health=health),
        "upkeep": Follower(upkeep, name="upkeep", health=health),
        "lag": Follower(lag, name="lag", health=health),
        "http": HttpServer.of(app, settings.http, health=common.health),
    }


def _planning(plan: Plan, common: _Common) -> Replanning:
    return Replanning(
        lambda: KafkaToPostgres(
            plan,
            Planning(common.law),
            address=common.address,
            pool=common.pool,
            health=common.health,
            telemetry=common.telemetry,
        ),
        histories=(common.history, common.clock_history),
    )


def _sending(settings: Settings, common: _Common) -> Resumed:
    smtp = settings.smtp
    mailer = SmtpMailer(
        _mail_server(settings), connections=smtp.connections, mails_per_connection=smtp.mails_per_connection
    )
    observer = DeliveryWatch(common.health.part("mail server"), telemetry=common.telemetry, clock=_now)
    courier = MailDelivery(
        queue=common.queue,
        mailer=mailer,
        contacts=SealedContacts(_keys(settings.notifier_keys_file)),
        directory=DirectoryFiles(settings.directory, is_sensitive=common.law.names_sensitively),
        writer=Writer(read_texts(), common.law),
        sender=_sender(settings),
        clock=_now,
        patience=RetryPolicy(),
        random=Random(),
        observer=observer,
    )
    condition = common.health.part("sending")
    rounds = Rounds(
        queue=common.queue,
        courier=courier,
        replay=_rebuild(common, common.history, condition=condition),
        monotonic=monotonic,
        observer=observer,
        side_by_side=4 * smtp.connections,
        pace=Pace.of(smtp.per_second, now=monotonic()),
    )
    return Resumed("sending", rounds.run, condition=condition, close=mailer.close)


def _clock(common: _Common, ahead: timedelta) -> Resumed:
    condition = common.health.part("clock")
    ticking = Ticking(
        timers=DueTimers(common.pool, common.law, history=common.clock_history, ahead=ahead),
        replay=_rebuild(common, common.clock_history, condition=condition),
        clock=_now,
    )
    return Resumed("clock", ticking.run, condition=condition)


def _rebuild(common: _Common, history: StoreHistory, *, condition: Condition) -> Rebuild:
    inputs = Inputs(common.address, common.pool, history=history, topics=_TOPICS)
    held = HeldSubmissions(common.address)
    return Rebuild(inputs, held, common.queue, pool=common.pool, condition=condition)


def _mail_server(settings: Settings) -> MailServer:
    smtp: SmtpConnection = settings.smtp
    return MailServer(
        host=smtp.host,
        port=smtp.port,
        encryption=smtp.encryption,
        greeting=_domain(settings),
        ca_file=smtp.ca_file,
        username=smtp.username,
        password=read_secret(smtp.password_file) if smtp.password_file else None,
        timeout=smtp.timeout.total_seconds(),
    )


def _sender(settings: Settings) -> MailSender:
    return MailSender(
        name=settings.sender_name, address=Address(settings.sender_address), domain=_domain(settings)
    )


def _domain(settings: Settings) -> str:
    return settings.sender_address.rpartition("@")[2]


def _keys(path: Path) -> list[OwnKey]:
    return [OwnKey(jwk) for jwk in orjson.loads(path.read_bytes())["keys"]]


def application(*, law: Law, health: Health, telemetry: Telemetry) -> FastAPI:
    """What the notifier answers: how a period runs."""
    app = create_app(
        title="Amtsweg notifier",
        version=version("amtsweg"),
        health=health,
        telemetry=telemetry,
        body_limit=_BODY_BYTES,
    )
    add_deadlines(app, law=law)
    return app


def _now() -> datetime:
    return datetime.now(UTC)
