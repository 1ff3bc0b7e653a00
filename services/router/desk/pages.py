"""The console at the desk: signing in, the files, what they ask, and the clearing desk's orders as with a token."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import httpx
from fastapi import APIRouter

from services.router.adapters.assignments import FollowedAssignments
from services.router.adapters.case_histories import CaseHistories
from services.router.adapters.clerks import LOOK, staff
from services.router.adapters.due_dates import FollowedDueDates
from services.router.adapters.http.authority_search import authority_search
from services.router.adapters.http.console import FILES, PAGE
from services.router.adapters.http.console.histories import history_routes
from services.router.adapters.http.console.operation import operation_routes
from services.router.adapters.http.console.proposals import proposal_routes
from services.router.adapters.http.console.routes import console_routes
from services.router.adapters.http.console.sheet import map_routes, read_sheet
from services.router.adapters.http.desk import desk_routes
from services.router.adapters.http.page_parts import PageParts
from services.router.adapters.letters import FollowedLetters
from services.router.adapters.processes import WatchedProcesses
from services.router.adapters.refused_answers import DAYS_BACK, FollowedRefusals
from services.router.adapters.standing_cases import StandingCases
from services.router.adapters.suspensions import OrderedSuspensions
from services.router.desk.settings import Settings
from services.router.domain.decision.resolver import Resolver
from services.router.domain.directory.model import Directory
from services.router.handler.clearing_desk import ClearingDesk
from services.router.ports import Directories
from shared.access.principals import KnownPrincipals
from shared.kafka.client import KafkaAddress
from shared.local_time import calendar_day
from shared.service.clock import utc_now
from shared.service.follower import Follower
from shared.service.run import Component
from shared.settings import SignIn
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.pages import file_routes, front_door
from shared.web.sign_in import SessionGate, SignInParts, sign_in_parts


def console_page(
    settings: Settings,
    desk: ClearingDesk,
    *,
    address: KafkaAddress,
    http: httpx.AsyncClient,
    principals: KnownPrincipals,
    directories: Directories,
    health: Health,
    telemetry: Telemetry,
) -> PageParts:
    """The console below ``/console``; nothing where the settings name no issuer."""
    if settings.sign_in is None:
        return PageParts()
    signed_in = _sign_in(settings.sign_in, principals)
    gate = signed_in.gate
    cases = StandingCases(address, condition=health.part("cases"))
    letters = FollowedLetters(address, condition=health.part("letters"))
    due = FollowedDueDates(address, condition=health.part("due dates"))
    suspensions = OrderedSuspensions(address, condition=health.part("suspensions"))

    def resolver() -> Resolver:
        return directories.at(utc_now())

    def directory() -> Directory:
        return resolver().directory

    def today() -> date:
        return calendar_day(utc_now())

    looking = console_routes(
        cases,
        letters=letters,
        suspensions=suspensions,
        due=due,
        gate=gate,
        directory=directory,
        health=health.report,
    )
    happened = _happened(cases, address, gate=gate, directory=directory, health=health)
    operation = operation_routes(
        _watched(http, settings), letters=letters, suspensions=suspensions, gate=gate, directory=directory
    )
    orders = order_routes(
        desk,
        sheet=read_sheet(settings.directory),
        gate=gate,
        directory=directory,
        today=today,
        telemetry=telemetry,
    )
    proposed = _proposed(desk, address, gate=gate, resolver=resolver, health=health)
    return _page(
        (signed_in.routes, looking, operation, *orders),
        followed={"cases": cases, "letters": letters, "due dates": due, "suspensions": suspensions},
        beside=(happened, proposed),
        health=health,
    )


def _page(
    routes: Sequence[APIRouter],
    *,
    followed: Mapping[str, Component],
    beside: Sequence[PageParts],
    health: Health,
) -> PageParts:
    """The routes with the page's files, and what is followed for them."""
    further = [route for each in beside for route in each.routes]
    views = {**followed, **{name: part for each in beside for name, part in each.parts.items()}}
    return PageParts(
        routes=(*routes, *further, file_routes(FILES, page=PAGE), front_door(PAGE)),
        parts={name: Follower(part, name=name, health=health) for name, part in views.items()},
    )


def _happened(
    cases: StandingCases,
    address: KafkaAddress,
    *,
    gate: SessionGate,
    directory: Callable[[], Directory],
    health: Health,
) -> PageParts:
    """What happened in a case, and the answers without effect, which are followed."""
    refusals = FollowedRefusals(address, condition=health.part("refusals"))
    routes = history_routes(
        cases,
        histories=CaseHistories(address),
        refusals=refusals,
        days=DAYS_BACK,
        gate=gate,
        directory=directory,
    )
    return PageParts(routes=(routes,), parts={"refusals": refusals})


def _proposed(
    desk: ClearingDesk,
    address: KafkaAddress,
    *,
    gate: SessionGate,
    resolver: Callable[[], Resolver],
    health: Health,
) -> PageParts:
    """What assignments suggest for the directory; they are followed."""
    assignments = FollowedAssignments(address, condition=health.part("assignments"))
    routes = proposal_routes(assignments, cases=desk.cases, gate=gate, resolver=resolver)
    return PageParts(routes=(routes,), parts={"assignments": assignments})


def _watched(http: httpx.AsyncClient, settings: Settings) -> WatchedProcesses:
    return WatchedProcesses(
        http,
        urls={name: str(url) for name, url in settings.processes.items()},
        one_machine=settings.one_machine,
    )


def _sign_in(told: SignIn, principals: KnownPrincipals) -> SignInParts:
    return sign_in_parts(
        told, door="desk", page=PAGE, admit=staff(principals), clock=utc_now, secret=told.secret()
    )


def order_routes(
    desk: ClearingDesk,
    *,
    sheet: bytes | None,
    gate: SessionGate,
    directory: Callable[[], Directory],
    today: Callable[[], date],
    telemetry: Telemetry,
) -> Sequence[APIRouter]:
    """What is parked and the orders about it, as with a token; the map, and the authorities to choose from."""
    same = APIRouter(prefix=PAGE, include_in_schema=False)
    same.include_router(desk_routes(desk, gate=gate, directory=directory, clock=utc_now, telemetry=telemetry))
    return (
        same,
        map_routes(desk, sheet=sheet, gate=gate, directory=directory, today=today),
        authority_search(page=PAGE, gate=gate, scope=LOOK, directory=directory, today=today),
    )
