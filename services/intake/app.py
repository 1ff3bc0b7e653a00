"""Wiring: HTTP to the handlers, the handlers to Kafka, PostgreSQL and Redis, the bus to histories."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response

from services.intake.adapters.cursor import Cursors
from services.intake.adapters.http.client_auth import ClientAuth
from services.intake.adapters.http.elsewhere import competence_routes
from services.intake.adapters.http.guide import guide_routes
from services.intake.adapters.http.histories import history_routes, search_routes
from services.intake.adapters.http.messages import message_routes
from services.intake.adapters.http.metadata import metadata_routes
from services.intake.adapters.http.openapi import describe_submissions
from services.intake.adapters.http.problems import problem
from services.intake.adapters.http.readings import reading_routes
from services.intake.adapters.http.submissions import BODY_LIMIT, submission_routes
from services.intake.adapters.http.supplements import supplement_routes
from services.intake.adapters.http.token import TOKEN_BODY_LIMIT, token_routes
from services.intake.adapters.jwt import AUDIENCE, JwtAssertions, JwtTokens
from services.intake.adapters.postgres import MIGRATIONS, PARTITIONED, SCHEMA
from services.intake.adapters.postgres.assertion_ids import PostgresAssertionIds
from services.intake.adapters.postgres.histories import PostgresHistories
from services.intake.adapters.postgres.messages import PostgresMessages
from services.intake.adapters.postgres.receipts import OpenEntries, PostgresReceipts
from services.intake.adapters.rates import Quota, RedisRates
from services.intake.adapters.readiness import CatchingUp
from services.intake.adapters.sealing import Sealing
from services.intake.adapters.sealing_keys import RegisteredSealingKeys
from services.intake.adapters.secrets import Argon2Secrets
from services.intake.consumer import GROUP, HistoryProjection, projecting
from services.intake.handler.lookup import Lookup
from services.intake.handler.readings import MailboxReadings
from services.intake.handler.submissions import SubmitHandler
from services.intake.handler.supplements import SupplementDesk
from services.intake.handler.tokens import TokenEndpoint
from services.intake.ports import Histories, Messages
from services.intake.settings import Settings
from shared.access.principals import Principals
from shared.bounded_files import read_bounded
from shared.crypto.jwe import RecipientKey
from shared.engine import KafkaToPostgres
from shared.errors import Unavailable
from shared.events.topic_names import produced_by
from shared.events.topics import consumed_by
from shared.kafka.client import KafkaAddress
from shared.kafka.lag import lag_of
from shared.kafka.partitions import PartitionCheck
from shared.kafka.publisher import Publisher
from shared.postgres import offsets
from shared.postgres.migrations import upgrade
from shared.postgres.outbox import OutboxPublisher
from shared.postgres.pool import Pool, open_pool
from shared.postgres.time_partitions import TimePartitions
from shared.service.clock import utc_now
from shared.service.follower import Follower
from shared.service.periodic import Periodic
from shared.service.run import Component
from shared.settings import read_optional_secret, read_secret
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import HttpServer, add_routes, create_app
from shared.web.bearer import LIFETIME, AccessTokens, Callers
from shared.web.names import names_from
from shared.web.noted import note
from shared.web.reference import reference_routes

_UPKEEP_EVERY: Final = timedelta(hours=1)
_RETRY: Final = {"Retry-After": "2"}


def assemble(
    *,
    desk: SubmitHandler,
    door: TokenEndpoint,
    callers: Callers,
    public_keys: Sequence[Mapping[str, Any]],
    histories: Histories,
    messages: Messages,
    count: Callable[[str], Awaitable[Quota | None]],
    max_in_flight: int,
    health: Health,
    telemetry: Telemetry,
    names: APIRouter,
    doors_url: str | None = None,
) -> FastAPI:
    """Return the HTTP application over these parts; ``count`` counts a client's request against its quota."""
    app = create_app(
        title="Amtsweg intake",
        version=version("amtsweg"),
        health=health,
        telemetry=telemetry,
        body_limit=TOKEN_BODY_LIMIT,
        body_limits={
            "/v1/submissions": BODY_LIMIT,
            "/v1/cases/{reference}/supplements": BODY_LIMIT,
            "/v1/cases/{reference}/withdrawal": BODY_LIMIT,
        },
    )
    app.add_exception_handler(Unavailable, _on_unavailable)
    gate = ClientAuth(callers, count=count)
    lookup = Lookup(histories=histories, secret=desk.secret, complete=desk.complete)
    lifetime = int(LIFETIME.total_seconds())
    routers = (
        submission_routes(desk.submit, gate=gate, max_in_flight=max_in_flight, telemetry=telemetry),
        supplement_routes(
            SupplementDesk(desk=desk, histories=histories),
            lookup,
            gate=gate,
            max_in_flight=max_in_flight,
            telemetry=telemetry,
        ),
        search_routes(lookup, gate=gate),
        history_routes(lookup, histories, gate=gate),
        message_routes(lookup, messages, gate=gate),
        reading_routes(MailboxReadings(bus=desk.bus, clock=desk.clock), lookup, gate=gate),
        metadata_routes(public_keys, issuer=door.issuer),
        guide_routes(issuer=door.issuer),
        names,
        competence_routes(doors_url=doors_url),
        token_routes(door, lifetime_seconds=lifetime, count=count, telemetry=telemetry),
    )
    add_routes(app, routers)
    describe_submissions(app)
    add_routes(app, [reference_routes(app.openapi)])
    return app


async def _on_unavailable(request: Request, error: Exception) -> Response:
    """Answer 503 without naming the part that cannot be reached; operators see it in /health/ready."""
    if isinstance(error, Unavailable):
        note(request, error=error)
    return problem("unavailable", request, headers=_RETRY).response(request)


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Mapping[str, Component]]:
    """Upgrade the schema and yield the parts of the service by name; close the connections afterwards.

    Raises:
        Unavailable: PostgreSQL cannot be reached.
    """
    postgres = settings.postgres
    password = read_optional_secret(postgres.password_file)
    await upgrade(postgres.url, schema=SCHEMA, folder=MIGRATIONS, password=password)
    async with AsyncExitStack() as opened:
        pool = await open_pool(postgres.url, schema=SCHEMA, password=password, reset=False)
        opened.push_async_callback(pool.close)
        partitions = TimePartitions(pool, PARTITIONED)
        await partitions.add()  # a database from an old backup lacks this year's partitions
        desk_pool = await open_pool(
            postgres.url, schema=SCHEMA, password=password, size=postgres.pool_size, reset=False
        )
        opened.push_async_callback(desk_pool.close)
        rates = RedisRates(
            str(settings.redis_url),
            password=read_optional_secret(settings.redis_password_file),
            limit=settings.requests_per_minute,
        )
        opened.push_async_callback(rates.close)
        health = Health()
        parts = _parts(settings, pool=pool, desk_pool=desk_pool, rates=rates, health=health)
        upkeep = Periodic(
            partitions.keep,
            every=_UPKEEP_EVERY,
            part="time partitions",
            failure="partitions not kept",
            condition=health.part("time partitions"),
        )
        yield {**parts, "time partitions": Follower(upkeep, name="time partitions", health=health)}


def _parts(
    settings: Settings, *, pool: Pool, desk_pool: Pool, rates: RedisRates, health: Health
) -> Mapping[str, Component]:
    telemetry = Telemetry()
    address = KafkaAddress.of(settings.kafka)
    publisher = Publisher(address, health=health, topics=produced_by("intake"))
    principals = Principals(pool, condition=health.part("principals"))
    keys = _token_keys(settings)
    secret = bytes.fromhex(read_secret(settings.hash_key_file))
    catching_up = _catching_up(settings, pool, health=health, telemetry=telemetry)
    app = assemble(
        desk=SubmitHandler(
            store=PostgresReceipts(desk_pool),
            sealer=_sealing(settings),
            keys=RegisteredSealingKeys(principals, notifier=_json(settings.notifier_key_file)),
            bus=publisher,
            clock=utc_now,
            secret=secret,
            complete=catching_up.complete,
        ),
        door=_door(settings, keys, pool=desk_pool, principals=principals),
        public_keys=keys,
        callers=_callers(settings, keys, principals=principals),
        histories=PostgresHistories(desk_pool, cursors=Cursors(secret)),
        messages=PostgresMessages(desk_pool, cursors=Cursors(secret)),
        count=rates.count,
        max_in_flight=settings.max_in_flight,
        health=health,
        telemetry=telemetry,
        names=names_from(settings.directory, per_minute=settings.names_requests_per_minute),
        doors_url=None if settings.doors_url is None else str(settings.doors_url).rstrip("/"),
    )
    # A producer of its own: a record that Kafka refuses costs the producer, and no submission must wait for a new one.
    outgoing = Publisher(address, health=health, part="outbox publisher")
    lag = lag_of(
        GROUP,
        address=address,
        stored=partial(offsets.stored, pool, GROUP),
        health=health,
        telemetry=telemetry,
    )
    return {
        "partitions": PartitionCheck.of(address, "intake"),
        "publisher": publisher,
        "outbox publisher": outgoing,
        "outbox": OutboxPublisher(pool, outgoing, schema=SCHEMA, health=health, telemetry=telemetry),
        "histories": catching_up,
        "principals": Follower(principals, name="principals", health=health),
        "open entries": Follower(OpenEntries(pool, telemetry=telemetry), name="open entries", health=health),
        "lag": Follower(lag, name="lag", health=health),
        "http": HttpServer.of(app, settings.http, health=health),
    }


def _catching_up(settings: Settings, pool: Pool, *, health: Health, telemetry: Telemetry) -> CatchingUp:
    address = KafkaAddress.of(settings.kafka)

    async def fill() -> None:
        await KafkaToPostgres(
            projecting(settings),
            HistoryProjection(),
            address=address,
            pool=pool,
            health=health,
            telemetry=telemetry,
        ).run()

    topics = [topic.name for topic in consumed_by("intake")]
    condition = health.part("histories")
    return CatchingUp(pool, address=address, group=GROUP, topics=topics, condition=condition, fill=fill)


def _token_keys(settings: Settings) -> Sequence[Mapping[str, Any]]:
    keys = _json(settings.token_keys_file)
    found: Sequence[Mapping[str, Any]] = keys.get("keys", [keys])
    return found


def _callers(settings: Settings, keys: Sequence[Mapping[str, Any]], *, principals: Principals) -> Callers:
    tokens = AccessTokens(keys, issuer=settings.issuer, audience=AUDIENCE, clock=utc_now)
    return Callers(tokens, principals, clock=utc_now)


def _door(
    settings: Settings, keys: Sequence[Mapping[str, Any]], *, pool: Pool, principals: Principals
) -> TokenEndpoint:
    return TokenEndpoint(
        principals=principals,
        secrets=Argon2Secrets(),
        assertions=JwtAssertions(),
        assertion_ids=PostgresAssertionIds(pool),
        tokens=JwtTokens(keys, issuer=settings.issuer, clock=utc_now),
        clock=utc_now,
        issuer=settings.issuer,
    )


def _sealing(settings: Settings) -> Sealing:
    return Sealing(
        {
            "content": RecipientKey(_json(settings.platform_key_file)),
            "contact": RecipientKey(_json(settings.notifier_key_file)),
        }
    )


def _json(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(read_bounded(path))
    return document
