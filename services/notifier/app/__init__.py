"""What connects to what: events to plans, plans to mails, outcomes back to the bus."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI

from services.notifier.adapters.http.deadlines import add_deadlines
from services.notifier.adapters.http.status import add_status
from services.notifier.adapters.law_files import law_digest, open_law
from services.notifier.adapters.maintenance import Resumed, Upkeep
from services.notifier.adapters.postgres import MIGRATIONS, SCHEMA
from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.queue import PostgresQueue
from services.notifier.adapters.postgres.renewal import TimerRenewal
from services.notifier.adapters.postgres.retention import Retention
from services.notifier.adapters.postgres.shares import Shares
from services.notifier.adapters.postgres.timers import DueTimers
from services.notifier.app.channels import channels
from services.notifier.app.parts import Common, rebuild
from services.notifier.consumer import PLANNING, Planning
from services.notifier.domain.deadlines.law import Law
from services.notifier.handler.ticking import Ticking
from services.notifier.settings import Settings
from shared.engine import KafkaToPostgres, Plan
from shared.events.topic_names import produced_by
from shared.kafka.client import KafkaAddress
from shared.kafka.lag import lag_of
from shared.kafka.partitions import PartitionCheck
from shared.kafka.publisher import Publisher
from shared.postgres import migrations, offsets
from shared.postgres import pool as postgres
from shared.postgres.outbox import OutboxPublisher
from shared.postgres.pool import Pool
from shared.service.clock import utc_now
from shared.service.follower import Follower
from shared.service.run import Component
from shared.settings import read_optional_secret
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import HttpServer, create_app

_STATUS_DAYS = 7
_LOOK_SECONDS = 1.0
_BODY_BYTES = 1024  # nothing is posted here


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Mapping[str, Component]]:
    """Make the real parts, over a schema brought up to date.

    Raises:
        Unavailable: PostgreSQL cannot be reached.
    """
    store = settings.postgres
    password = read_optional_secret(store.password_file)
    await migrations.upgrade(store.url, schema=SCHEMA, folder=MIGRATIONS, password=password)
    pool = await postgres.open_pool(
        store.url, schema=SCHEMA, password=password, size=store.pool_size, reset=False
    )
    try:
        yield _parts(settings, pool)
    finally:
        pool.terminate()  # every part has ended: nobody uses a connection any more


def _parts(settings: Settings, pool: Pool) -> Mapping[str, Component]:
    plan = replace(PLANNING, instance=settings.instance)
    common = Common(
        address=KafkaAddress.of(settings.kafka),
        pool=pool,
        queue=PostgresQueue(pool, lease=settings.lease, history=StoreHistory(plan.group)),
        law=open_law(settings.directory),
        law_digest=law_digest(settings.directory),
    )
    health, telemetry = common.health, common.telemetry
    publisher = Publisher(
        common.address,
        health=health,
        topics=(*produced_by("notifier"), *plan.letter_topics),
    )
    condition = health.part("messages")
    upkeep = Upkeep(
        common.queue,
        Retention(pool),
        contact_kept_for=settings.contact_kept_for,
        condition=condition,
        telemetry=telemetry,
    )
    stored = partial(offsets.stored, pool, plan.group)
    lag = lag_of("notifier", address=common.address, stored=stored, health=health, telemetry=telemetry)
    app = application(law=common.law, health=common.health, telemetry=common.telemetry)
    add_status(app, shares=Shares(pool, over=timedelta(days=_STATUS_DAYS)), days=_STATUS_DAYS)
    return {
        "partitions": PartitionCheck.of(common.address, "notifier"),
        "publisher": publisher,
        "outbox": OutboxPublisher(pool, publisher, schema=SCHEMA, health=health, telemetry=telemetry),
        "planning": _planning(plan, common),
        **channels(settings, common),
        "clock": Follower(_clock(common, settings.clock_ahead), name="clock", health=health),
        "upkeep": Follower(upkeep, name="upkeep", health=health),
        "lag": Follower(lag, name="lag", health=health),
        "http": HttpServer.of(app, settings.http, health=common.health),
    }


def _planning(plan: Plan, common: Common) -> KafkaToPostgres:
    return KafkaToPostgres(
        plan,
        Planning(common.law),
        address=common.address,
        pool=common.pool,
        health=common.health,
        telemetry=common.telemetry,
        look=_LOOK_SECONDS,
    )


def _clock(common: Common, ahead: timedelta) -> Resumed:
    condition, history = common.health.part("clock"), common.history()
    ticking = Ticking(
        timers=DueTimers(common.pool, common.law, history=history, ahead=ahead),
        renewal=TimerRenewal(common.pool, common.law, digest=common.law_digest, ahead=ahead),
        replay=rebuild(common, history, condition=condition),
        clock=utc_now,
    )
    return Resumed("clock", ticking.run, condition=condition)


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
