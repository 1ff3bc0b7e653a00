"""The clerk's page at the doors: signing in, the files, what they ask, and the same answers as with a token."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from services.router.adapters.clerks import clerks
from services.router.adapters.http.answers import Answers, answer_routes
from services.router.adapters.http.authority_search import authority_search
from services.router.adapters.http.clerk import FILES, PAGE
from services.router.adapters.http.clerk.routes import clerk_routes
from services.router.domain.directory.model import Directory
from services.router.doors.settings import Settings
from services.router.ports import Directories, Inboxes, OwedCases
from shared.access.principals import KnownPrincipals
from shared.telemetry.metrics import Telemetry
from shared.web.pages import file_routes
from shared.web.sign_in import sign_in_parts


def clerk_page(
    settings: Settings,
    answers: Answers,
    *,
    cases: OwedCases,
    inboxes: Inboxes,
    principals: KnownPrincipals,
    directories: Directories,
    telemetry: Telemetry,
) -> Iterator[APIRouter]:
    """The routes below ``/clerk``; none where the settings name no issuer."""
    if settings.sign_in is None:
        return
    zone = ZoneInfo(settings.timezone)
    signed_in = sign_in_parts(
        settings.sign_in,
        door="doors",
        page=PAGE,
        admit=clerks(principals),
        clock=_now,
        secret=settings.sign_in.secret(),
    )
    yield signed_in.routes

    def directory() -> Directory:
        return directories.at(_now()).directory

    yield clerk_routes(cases, inboxes=inboxes, gate=signed_in.gate, directory=directory)
    yield authority_search(
        page=PAGE,
        gate=signed_in.gate,
        directory=directory,
        today=lambda: _now().astimezone(zone).date(),
    )
    same = APIRouter(prefix=PAGE, include_in_schema=False)
    same.include_router(answer_routes(answers, gate=signed_in.gate, telemetry=telemetry))
    yield same
    yield file_routes(FILES, page=PAGE)


def _now() -> datetime:
    return datetime.now(UTC)
