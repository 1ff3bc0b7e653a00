"""What connects to what at the clearing desk: custody as it is followed to HTTP, a person's orders to Kafka."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Final
from zoneinfo import ZoneInfo

import orjson

from services.router.adapters.desk_cases import FollowedCases
from services.router.adapters.directory_topic import FollowedDirectories
from services.router.adapters.http.desk import desk_routes
from services.router.adapters.http.gate import Gate
from services.router.desk.settings import Settings
from services.router.handler.clearing_desk import ClearingDesk
from services.router.ports import Directories
from shared.events.topics import CASE_ORDERED
from shared.kafka.client import KafkaAddress
from shared.kafka.publisher import Publisher
from shared.service.run import Part
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import HttpServer, create_app
from shared.web.bearer import AccessTokens

AUDIENCE: Final = "desk"

_BODY_BYTES: Final = 4096
_PATIENCE: Final = timedelta(seconds=10)


def build(settings: Settings) -> Mapping[str, Part]:
    """Make the real parts: two followers, a producer of orders, HTTP."""
    health, telemetry = Health(), Telemetry()
    address = KafkaAddress.of(settings.kafka)
    directories = FollowedDirectories(
        address, condition=health.part("directory"), telemetry=telemetry, fresh=settings.directory_fresh
    )
    cases = FollowedCases(address, condition=health.part("desk"))
    telemetry.follow("oldest_seconds", lambda: cases.parked_for(_now()), kind="parked")
    orders = Publisher(address, health=health, topics=(CASE_ORDERED.name,))
    desk = ClearingDesk(
        cases=cases,
        orders=orders,
        directory=lambda: directories.at(_now()).directory,
        clock=_now,
        zone=ZoneInfo(settings.timezone),
        patience=_PATIENCE,
    )
    return {
        "directory": directories,
        "desk": cases,
        "orders": orders,
        "http": _http(settings, desk, directories=directories, health=health, telemetry=telemetry),
    }


def _http(
    settings: Settings, desk: ClearingDesk, *, directories: Directories, health: Health, telemetry: Telemetry
) -> HttpServer:
    app = create_app(
        title="Amtsweg desk",
        version=version("amtsweg"),
        health=health,
        telemetry=telemetry,
        body_limit=_BODY_BYTES,
    )
    tokens = AccessTokens(
        orjson.loads(settings.token_keys_file.read_bytes())["keys"],
        issuer=settings.issuer,
        audience=AUDIENCE,
        clock=_now,
    )
    app.include_router(
        desk_routes(
            desk,
            gate=Gate(tokens, issuer=settings.issuer),
            directory=lambda: directories.at(_now()).directory,
            clock=_now,
            telemetry=telemetry,
        )
    )
    return HttpServer.of(app, settings.http, health=health)


def _now() -> datetime:
    return datetime.now(UTC)
