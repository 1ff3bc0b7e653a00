"""What connects to what at the authorities' doors: answers to Kafka, custody and directory as they are followed, HTTP."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import Final

from fastapi import APIRouter

from services.router.adapters.answered_records import AnsweredRecords
from services.router.adapters.arrivals import CustodyArrivals
from services.router.adapters.clerk_position import ClerkPosition
from services.router.adapters.directory_topic import FollowedDirectories
from services.router.adapters.due_dates import FollowedDueDates
from services.router.adapters.fetch_watch import FetchWatch
from services.router.adapters.held_cases import HeldCases
from services.router.adapters.http.answers import ANSWER_BODY_LIMIT, answer_routes
from services.router.adapters.http.competence import add_competence
from services.router.adapters.http.inbox import inbox_routes
from services.router.adapters.http.principal_auth import PrincipalAuth
from services.router.adapters.http.webhook import webhook_routes
from services.router.adapters.inboxes import KafkaInboxes
from services.router.adapters.postgres import MIGRATIONS, SCHEMA
from services.router.adapters.postgres.answers import PostgresAnswers
from services.router.adapters.postgres.fetch_places import PostgresFetchPlaces
from services.router.adapters.postgres.inbox_moves import InboxMoves
from services.router.adapters.postgres.looks import PostgresLooks
from services.router.adapters.postgres.webhooks import PostgresWebhooks
from services.router.adapters.refilled_answers import RefilledAnswers
from services.router.adapters.webhooks.calls import WebhookCalls
from services.router.adapters.webhooks.sender import WebhookSender
from services.router.domain.decision.resolver import Unverified
from services.router.doors.pages import clerk_page
from services.router.doors.settings import Settings
from services.router.handler.answers import AnswerDoor
from services.router.ports import Directories
from shared.access.principals import Principals
from shared.access.suspensions import FollowedSuspensions, UnsuspendedPrincipals
from shared.crypto.key_strength import is_sealing_point
from shared.crypto.webhook_signatures import WebhookKeys
from shared.events.competence import CompetenceDecision, Inquiry
from shared.events.topics import CASE_ANSWERED
from shared.kafka.client import KafkaAddress
from shared.kafka.partitions import PartitionCheck
from shared.kafka.publisher import Publisher
from shared.local_time import calendar_day
from shared.postgres.leader import Lease
from shared.postgres.migrations import upgrade
from shared.postgres.pool import Pool, open_pool
from shared.service.clock import utc_now
from shared.service.follower import Follower
from shared.service.periodic import Periodic
from shared.service.run import Component
from shared.settings import read_optional_secret, read_secret
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import HttpServer, add_routes, create_app
from shared.web.bearer import AccessTokens, Callers
from shared.web.egress import Egress
from shared.web.rate_limit import PrincipalRates, Rates

AUDIENCE: Final = "doors"

_FORGET_EVERY: Final = timedelta(days=1)
_BODY_BYTES: Final = 64 * 1024


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Mapping[str, Component]]:
    """Make the real parts, over a schema brought up to date; connections are closed afterwards.

    Raises:
        Unavailable: PostgreSQL cannot be reached.
    """
    postgres = settings.postgres
    password = read_optional_secret(postgres.password_file)
    await upgrade(postgres.url, schema=SCHEMA, folder=MIGRATIONS, password=password)
    async with AsyncExitStack() as opened:
        pool = await open_pool(
            postgres.url, schema=SCHEMA, password=password, size=postgres.pool_size, reset=False
        )
        opened.push_async_callback(pool.close)
        egress = await opened.enter_async_context(Egress(allowed=settings.webhook_networks))
        yield _parts(settings, pool=pool, egress=egress)


def _parts(settings: Settings, *, pool: Pool, egress: Egress) -> Mapping[str, Component]:
    health, telemetry = Health(), Telemetry()
    address = KafkaAddress.of(settings.kafka)
    directories = FollowedDirectories(
        address, condition=health.part("directory"), telemetry=telemetry, fresh=settings.directory_fresh
    )
    arrivals = CustodyArrivals()
    custody = HeldCases(address, condition=health.part("custody"), on_news=arrivals.arrived)
    inboxes = KafkaInboxes(address, moving=InboxMoves(pool).alone, condition=health.part("inboxes"))
    publisher = Publisher(address, health=health, topics=(CASE_ANSWERED.name,))
    registered = Principals(pool, condition=health.part("principals"))
    suspensions = FollowedSuspensions(address, condition=health.part("suspensions"))
    principals = UnsuspendedPrincipals(registered, suspensions)
    store = PostgresAnswers(pool)
    secret = bytes.fromhex(read_secret(settings.hash_key_file))
    refilled = RefilledAnswers(
        store, AnsweredRecords(address), secret=secret, condition=health.part("answers")
    )
    looks = PostgresLooks(pool)
    answers = AnswerDoor(
        store=refilled,
        custody=custody,
        bus=publisher,
        looks=looks,
        clock=utc_now,
        secret=secret,
        known=lambda authority: authority in directories.at(utc_now()).directory.authorities,
        is_point=is_sealing_point,
    )
    webhooks = PostgresWebhooks(pool)
    webhook_keys = WebhookKeys.from_text(read_secret(settings.webhook_keys_file))
    sender = WebhookSender(
        address,
        lease=Lease(pool, "webhooks"),
        store=webhooks,
        inboxes=inboxes,
        principals=principals,
        calls=WebhookCalls(egress, webhook_keys, clock=utc_now, telemetry=telemetry),
        clock=utc_now,
        condition=health.part("webhooks"),
        telemetry=telemetry,
    )
    watch = FetchWatch(
        lease=Lease(pool, "fetched"),
        places=PostgresFetchPlaces(pool),
        inboxes=inboxes,
        custody=custody,
        bus=publisher,
        condition=health.part("fetched"),
    )
    callers = Callers(
        AccessTokens.of(settings.token_keys_file, issuer=settings.issuer, audience=AUDIENCE, clock=utc_now),
        principals,
        clock=utc_now,
    )
    rates = PrincipalRates(settings.requests_per_minute, seconds=time.monotonic)
    gate = PrincipalAuth.of_authorities(
        callers.read, issuer=settings.issuer, rates=rates, again=callers.again
    )
    due = FollowedDueDates(address, condition=health.part("due dates"))
    page = clerk_page(
        settings,
        answers,
        opened=watch.opened,
        due=due,
        cases=custody,
        inboxes=inboxes,
        position=ClerkPosition(
            inboxes=inboxes, looks=looks, webhooks=webhooks, custody=custody, clock=utc_now
        ),
        principals=principals,
        directories=directories,
        telemetry=telemetry,
    )
    upkeep = Periodic(
        store.forget,
        every=_FORGET_EVERY,
        part="upkeep",
        failure="answers not forgotten",
        condition=health.part("upkeep"),
    )
    return {
        "partitions": PartitionCheck.of(address, "doors"),
        "publisher": publisher,
        "inboxes": inboxes,
        "directory": Follower(directories, name="directory", health=health),
        "custody": Follower(custody, name="custody", health=health),
        "principals": Follower(registered, name="principals", health=health),
        "suspensions": Follower(suspensions, name="suspensions", health=health),
        "webhooks": Follower(sender, name="webhooks", health=health),
        "due dates": Follower(due, name="due dates", health=health),
        "fetched": Follower(watch, name="fetched", health=health),
        **page.parts,
        "answers": Follower(refilled, name="answers", health=health),
        "upkeep": Follower(upkeep, name="upkeep", health=health),
        "http": _http(
            settings,
            [
                answer_routes(answers, gate=gate, telemetry=telemetry),
                inbox_routes(
                    inboxes,
                    looks=looks,
                    webhooks=webhooks,
                    arrivals=arrivals,
                    cases=custody,
                    due=due,
                    gate=gate,
                ),
                *page.routes,
                webhook_routes(webhooks, keys=webhook_keys, vet=egress.vet, gate=gate, clock=utc_now),
            ],
            directories=directories,
            health=health,
            telemetry=telemetry,
        ),
    }


def _http(
    settings: Settings,
    routes: Sequence[APIRouter],
    *,
    directories: FollowedDirectories,
    health: Health,
    telemetry: Telemetry,
) -> HttpServer:
    app = create_app(
        title="Amtsweg doors",
        version=version("amtsweg"),
        health=health,
        telemetry=telemetry,
        body_limit=_BODY_BYTES,
        body_limits=dict.fromkeys(("/v1/answers", "/clerk/v1/answers"), ANSWER_BODY_LIMIT),
    )
    add_competence(
        app,
        decide=partial(_decide, directories=directories, unverified=settings.unverified),
        prepare=directories.prepare,
        today=lambda: calendar_day(utc_now()),
        rates=Rates(
            settings.competence_requests_per_minute,
            per_address=settings.competence_requests_per_address,
            seconds=time.monotonic,
        ),
    )
    add_routes(app, routes)
    return HttpServer.of(app, settings.http, health=health)


def _decide(inquiry: Inquiry, *, directories: Directories, unverified: Unverified) -> CompetenceDecision:
    return directories.at(utc_now()).resolve(inquiry, unverified=unverified)
