"""What connects to what at the clearing desk: custody as it is followed to HTTP, a person's orders to Kafka."""

import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from typing import Final

import httpx
from fastapi import APIRouter

from services.router.adapters.desk_cases import FollowedCases
from services.router.adapters.directory_topic import FollowedDirectories
from services.router.adapters.http.desk import desk_routes
from services.router.adapters.http.principal_auth import PrincipalAuth
from services.router.desk.pages import console_page
from services.router.desk.settings import Settings
from services.router.handler.clearing_desk import ClearingDesk
from services.router.ports import Directories
from shared.access.principals import Principals
from shared.events.topics import CASE_ORDERED
from shared.kafka.client import KafkaAddress
from shared.kafka.partitions import PartitionCheck
from shared.kafka.publisher import Publisher
from shared.postgres.pool import Pool, open_pool
from shared.service.clock import utc_now
from shared.service.follower import Follower
from shared.service.run import Component
from shared.settings import read_optional_secret
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import HttpServer, add_routes, create_app
from shared.web.bearer import AccessTokens, Callers

AUDIENCE: Final = "desk"

_BODY_BYTES: Final = 4096
_PATIENCE: Final = timedelta(seconds=10)


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Mapping[str, Component]]:
    """Make the real parts: two followers, a producer of orders, HTTP; connections are closed afterwards.

    Raises:
        Unavailable: PostgreSQL cannot be reached.
    """
    postgres = settings.postgres
    password = read_optional_secret(postgres.password_file)
    pool = await open_pool(postgres.url, schema="access", password=password, size=postgres.pool_size)
    believed = ssl.create_default_context(cafile=settings.processes_ca_file)
    async with pool, httpx.AsyncClient(verify=believed, follow_redirects=False) as http:
        yield _parts(settings, pool=pool, http=http)


def _parts(settings: Settings, *, pool: Pool, http: httpx.AsyncClient) -> Mapping[str, Component]:
    health, telemetry = Health(), Telemetry()
    address = KafkaAddress.of(settings.kafka)
    directories = FollowedDirectories(
        address, condition=health.part("directory"), telemetry=telemetry, fresh=settings.directory_fresh
    )
    cases = FollowedCases(address, condition=health.part("desk"))
    telemetry.follow("oldest_seconds", lambda: cases.parked_for(utc_now()), kind="parked")
    orders = Publisher(address, health=health, topics=(CASE_ORDERED.name,))
    desk = ClearingDesk(
        cases=cases,
        orders=orders,
        directory=lambda: directories.at(utc_now()).directory,
        clock=utc_now,
        patience=_PATIENCE,
    )
    principals = Principals(pool, condition=health.part("principals"))
    callers = Callers(
        AccessTokens.of(settings.token_keys_file, issuer=settings.issuer, audience=AUDIENCE, clock=utc_now),
        principals,
        clock=utc_now,
    )
    page = console_page(
        settings,
        desk,
        address=address,
        http=http,
        principals=principals,
        directories=directories,
        health=health,
        telemetry=telemetry,
    )
    return {
        "partitions": PartitionCheck.of(address, "desk"),
        "orders": orders,
        "directory": Follower(directories, name="directory", health=health),
        "desk": Follower(cases, name="desk", health=health),
        "principals": Follower(principals, name="principals", health=health),
        **page.parts,
        "http": _http(
            settings,
            desk,
            page.routes,
            callers=callers,
            directories=directories,
            health=health,
            telemetry=telemetry,
        ),
    }


def _http(
    settings: Settings,
    desk: ClearingDesk,
    page: Sequence[APIRouter],
    *,
    callers: Callers,
    directories: Directories,
    health: Health,
    telemetry: Telemetry,
) -> HttpServer:
    app = create_app(
        title="Amtsweg desk",
        version=version("amtsweg"),
        health=health,
        telemetry=telemetry,
        body_limit=_BODY_BYTES,
    )
    orders = desk_routes(
        desk,
        gate=PrincipalAuth.of_desk(callers.read, issuer=settings.issuer),
        directory=lambda: directories.at(utc_now()).directory,
        clock=utc_now,
        telemetry=telemetry,
    )
    add_routes(app, (orders, *page))
    return HttpServer.of(app, settings.http, health=health)
