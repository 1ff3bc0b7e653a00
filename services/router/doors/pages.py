"""The clerk's page at the doors: signing in, the files, what they ask, and the same answers as with a token."""

from datetime import date

from fastapi import APIRouter

from services.router.adapters.clerk_position import ClerkPosition
from services.router.adapters.clerks import clerks
from services.router.adapters.http.answers import answer_routes
from services.router.adapters.http.authority_search import authority_search
from services.router.adapters.http.clerk import FILES, PAGE
from services.router.adapters.http.clerk.routes import RecordsShown, clerk_routes
from services.router.adapters.http.page_parts import PageParts
from services.router.domain.directory.model import Directory
from services.router.doors.settings import Settings
from services.router.handler.answers import AnswerDoor
from services.router.ports import Directories, DueDates, Inboxes, OwedCases
from shared.access.principals import KnownPrincipals
from shared.local_time import calendar_day
from shared.service.clock import utc_now
from shared.telemetry.metrics import Telemetry
from shared.web.pages import file_routes, front_door
from shared.web.sign_in import sign_in_parts


def clerk_page(
    settings: Settings,
    answers: AnswerDoor,
    *,
    opened: RecordsShown,
    due: DueDates,
    cases: OwedCases,
    inboxes: Inboxes,
    position: ClerkPosition,
    principals: KnownPrincipals,
    directories: Directories,
    telemetry: Telemetry,
) -> PageParts:
    """The page below ``/clerk``; nothing where the settings name no issuer."""
    if settings.sign_in is None:
        return PageParts()
    signed_in = sign_in_parts(
        settings.sign_in,
        door="doors",
        page=PAGE,
        admit=clerks(principals),
        clock=utc_now,
        secret=settings.sign_in.secret(),
    )

    def directory() -> Directory:
        return directories.at(utc_now()).directory

    def today() -> date:
        return calendar_day(utc_now())

    same = APIRouter(prefix=PAGE, include_in_schema=False)
    same.include_router(answer_routes(answers, gate=signed_in.gate, telemetry=telemetry))
    return PageParts(
        routes=(
            signed_in.routes,
            clerk_routes(
                cases,
                opened=opened,
                inboxes=inboxes,
                position=position,
                due=due,
                gate=signed_in.gate,
                directory=directory,
            ),
            authority_search(
                page=PAGE, gate=signed_in.gate, scope="inbox.read", directory=directory, today=today
            ),
            same,
            file_routes(FILES, page=PAGE),
            front_door(PAGE),
        ),
    )
