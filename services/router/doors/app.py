"""What connects to what at the authorities' doors: HTTP to the directory as it is followed."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Final
from zoneinfo import ZoneInfo

from services.router.adapters.directory_topic import FollowedDirectories
from services.router.adapters.http.competence import add_competence
from services.router.adapters.rate import Bucket
from services.router.domain.decision.resolver import Unverified
from services.router.doors.settings import Settings
from services.router.ports import Directories
from shared.events.competence import CompetenceDecision, Inquiry
from shared.kafka.client import KafkaAddress
from shared.service.run import Part
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import HttpServer, create_app

_BODY_BYTES: Final = 4096


def build(settings: Settings) -> Mapping[str, Part]:
    """Make the real parts: a follower of the directory, HTTP."""
    health, telemetry = Health(), Telemetry()
    address = KafkaAddress.of(settings.kafka)
    directories = FollowedDirectories(
        address, condition=health.part("directory"), telemetry=telemetry, fresh=settings.directory_fresh
    )
    return {
        "directory": directories,
        "http": _http(settings, directories, health=health, telemetry=telemetry),
    }


def _http(
    settings: Settings, directories: Directories, *, health: Health, telemetry: Telemetry
) -> HttpServer:
    app = create_app(
        title="Amtsweg doors",
        version=version("amtsweg"),
        health=health,
        telemetry=telemetry,
        body_limit=_BODY_BYTES,
    )
    zone = ZoneInfo(settings.timezone)
    add_competence(
        app,
        decide=partial(_decide, directories=directories, unverified=settings.unverified),
        today=lambda: _now().astimezone(zone).date(),
        bucket=Bucket(settings.competence_requests_per_minute, seconds=time.monotonic),
    )
    return HttpServer.of(app, settings.http, health=health)


def _decide(inquiry: Inquiry, *, directories: Directories, unverified: Unverified) -> CompetenceDecision:
    return directories.at(_now()).resolve(inquiry, unverified=unverified)


def _now() -> datetime:
    return datetime.now(UTC)
