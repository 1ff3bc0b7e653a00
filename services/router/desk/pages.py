"""The console at the desk: signing in, the files, what they ask, and the clearing desk's orders as with a token."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from services.router.adapters.clerks import staff
from services.router.adapters.http.authority_search import authority_search
from services.router.adapters.http.console import FILES, PAGE
from services.router.adapters.http.console.routes import console_routes
from services.router.adapters.http.desk import desk_routes
from services.router.adapters.http.page_parts import PageParts
from services.router.adapters.letters import FollowedLetters
from services.router.adapters.postgres.suspensions import PostgresSuspensions
from services.router.adapters.standing_cases import StandingCases
from services.router.desk.settings import Settings
from services.router.domain.directory.model import Directory
from services.router.handler.clearing_desk import ClearingDesk
from services.router.ports import Directories
from shared.access.principals import KnownPrincipals
from shared.kafka.client import KafkaAddress
from shared.postgres.pool import Pool
from shared.service.follower import Follower
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.pages import file_routes, front_door
from shared.web.sign_in import SessionGate, sign_in_parts


def console_page(
    settings: Settings,
    desk: ClearingDesk,
    *,
    address: KafkaAddress,
    pool: Pool,
    principals: KnownPrincipals,
    directories: Directories,
    health: Health,
    telemetry: Telemetry,
) -> PageParts:
    """The console below ``/console``; nothing where the settings name no issuer."""
    if settings.sign_in is None:
        return PageParts()
    signed_in = sign_in_parts(
        settings.sign_in,
        door="desk",
        page=PAGE,
        admit=staff(principals),
        clock=_now,
        secret=settings.sign_in.secret(),
    )
    cases = StandingCases(address, condition=health.part("cases"))
    letters = FollowedLetters(address, condition=health.part("letters"))
    looking = console_routes(
        cases,
        letters=letters,
        suspensions=PostgresSuspensions(pool),
        gate=signed_in.gate,
        directory=lambda: directories.at(_now()).directory,
        health=health.report,
    )
    zone = ZoneInfo(settings.timezone)
    return PageParts(
        routes=(
            signed_in.routes,
            looking,
            *order_routes(
                desk,
                gate=signed_in.gate,
                directory=lambda: directories.at(_now()).directory,
                today=lambda: _now().astimezone(zone).date(),
                telemetry=telemetry,
            ),
            file_routes(FILES, page=PAGE),
            front_door(PAGE),
        ),
        parts={
            "cases": Follower(cases, name="cases", health=health),
            "letters": Follower(letters, name="letters", health=health),
        },
    )


def order_routes(
    desk: ClearingDesk,
    *,
    gate: SessionGate,
    directory: Callable[[], Directory],
    today: Callable[[], date],
    telemetry: Telemetry,
) -> tuple[APIRouter, APIRouter]:
    """What is parked and the orders about it, as with a token; and the authorities to choose from."""
    same = APIRouter(prefix=PAGE, include_in_schema=False)
    same.include_router(desk_routes(desk, gate=gate, directory=directory, clock=_now, telemetry=telemetry))
    return same, authority_search(page=PAGE, gate=gate, directory=directory, today=today)


def _now() -> datetime:
    return datetime.now(UTC)
