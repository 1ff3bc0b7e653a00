"""Completeness over HTTP: what should have followed and has not, and the entries of a day, "these and no others"."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, Security

from services.audit.adapters.http.one_at_a_time import OneAtATime
from services.audit.adapters.http.reader_auth import ReaderAuth
from services.audit.adapters.proofs import Proofs
from services.audit.domain.access import Reader
from services.audit.domain.completeness import SAYS
from services.audit.domain.daily_statement import NOBODY, AuthorityLine, StatedEntry, Statement
from services.audit.domain.encoding import to_base64
from services.audit.domain.proof_refused import ProofRefused
from services.audit.handler.completeness_report import Accounts
from services.audit.handler.days import Days
from services.audit.handler.read import ReadingRoom
from services.audit.ports import Account, ClosedDay
from shared.directory_names import NamesByKey
from shared.events.payload import Instant, WireModel
from shared.web.bilingual import Bilingual
from shared.web.names import NamesTold
from shared.web.problems import Problem

_Authority = Annotated[str, Path(pattern=rf"^({NOBODY}|[a-z0-9-]{{3,64}})$")]


_Day = Annotated[date, Query(ge=date(1900, 1, 2), le=date(2199, 12, 30))]
"""Days whose end is an `Instant`."""


class RuleDocument(WireModel):
    """A rule: what it asks, how much is open and overdue, and since when the oldest waits."""

    rule: str
    says: str
    open: int = 0
    overdue: int = 0
    oldest: Instant | None = None


class OverdueDocument(WireModel):
    """An obligation that is overdue: the case's pseudonym, and the entry that it comes from."""

    rule: str
    case: str
    index: int
    since: Instant
    due: Instant


class AccountDocument(WireModel):
    """All rules and how they stand; ``judged`` entries were held against them, of all where it is absent."""

    look: int
    at: Instant
    judged: int | None = None
    rules: tuple[RuleDocument, ...]
    overdue: tuple[OverdueDocument, ...]


class DayDocument(WireModel):
    """A closed day: the entries ``start`` to ``end - 1``; entry ``index`` of the log says so."""

    look: int
    index: int
    day: date
    start: int
    end: int
    lines: tuple[AuthorityLine, ...]
    overdue: dict[str, int]
    names: NamesTold


def completeness_routes(
    room: ReadingRoom,
    *,
    accounts: Accounts,
    days: Days,
    proofs: Proofs,
    gate: ReaderAuth,
    names: NamesByKey,
) -> APIRouter:
    """``/v1/completeness``, and below it ``/days/{day}`` and its statement for each authority."""
    routes, place = (
        APIRouter(prefix="/v1/completeness", tags=["completeness"]),
        OneAtATime(Bilingual(de="Eine Auskunft zum Stichtag", en="A report as of a day")),
    )

    @routes.get("", response_model_exclude_none=True)
    async def completeness(
        request: Request, reader: Annotated[Reader, Security(gate)], on: _Day | None = None
    ) -> AccountDocument:
        """What should have followed and has not: now, or as it stood when the day ``on`` ended."""
        visit = await gate.visit(request, reader)
        if on is None:
            look = await room.record(visit, {"completeness": "now"})
            return _account(look, await accounts.now())
        place.take()
        try:
            look = await room.record(visit, {"completeness": str(on)})
            return _account(look, await accounts.on(on))
        finally:
            place.leave()

    @routes.get("/days/{day}")
    async def closed_day(
        day: date, request: Request, reader: Annotated[Reader, Security(gate)]
    ) -> DayDocument:
        """How many entries the day has, by authority."""
        visit = await gate.visit(request, reader)
        look = await room.record(visit, {"day": str(day)})
        closed = await _closed(day)
        known = names.of(*(line.authority for line in closed.stated.lines))
        return DayDocument(look=look, index=closed.index, names=known, **dict(closed.stated))

    @routes.get("/days/{day}/authorities/{authority}", response_model=None)
    async def statement(
        day: date, authority: _Authority, request: Request, reader: Annotated[Reader, Security(gate)]
    ) -> Response:
        """The statement "these entries and no others", as a file: ``amtsweg audit verify-statement FILE``."""
        visit = await gate.visit(request, reader)
        await room.record(visit, {"day": str(day), "authority": authority})
        closed = await _closed(day)
        try:
            proof = await proofs.inclusion(closed.index)
        except ProofRefused:
            raise _not_closed(day) from None
        found = await days.of_authority(closed.stated, authority)
        made = Statement(
            authority=authority,
            entry=to_base64(closed.entry),
            salt=closed.disclosure.salt.hex(),
            payload=closed.disclosure.payload.decode(),
            proof=proof.to_bytes().decode(),
            records=tuple(StatedEntry(index=each.index, entry=to_base64(each.entry)) for each in found),
        )
        name = f'attachment; filename="amtsweg-{day}-{authority}.json"'
        return Response(made.to_bytes(), media_type="application/json", headers={"Content-Disposition": name})

    async def _closed(day: date) -> ClosedDay:
        closed = await days.closed(day)
        if closed is None:
            raise _not_closed(day)
        return closed

    return routes


def _account(look: int, account: Account) -> AccountDocument:
    standing = {each.rule: each for each in account.standing}
    rules = tuple(
        RuleDocument(rule=rule, says=says, open=each.open, overdue=each.overdue, oldest=each.oldest)
        if (each := standing.get(rule)) is not None
        else RuleDocument(rule=rule, says=says)
        for rule, says in SAYS.items()
    )
    overdue = tuple(
        OverdueDocument(
            rule=each.unmet.rule,
            case=each.case,
            index=each.unmet.index,
            since=each.unmet.since,
            due=each.unmet.due,
        )
        for each in account.overdue
    )
    return AccountDocument(look=look, at=account.at, judged=account.judged, rules=rules, overdue=overdue)


def _not_closed(day: date) -> Problem:
    return Problem(
        404,
        "day-not-closed",
        title=Bilingual(de="Tag nicht abgeschlossen", en="Day not closed"),
        detail=Bilingual(
            de=f"Für {day} steht kein Abschluss im veröffentlichten Stand.",
            en=f"The published state has no statement for {day}.",
        ),
        resolution=Bilingual(
            de="Ein Tag wird kurz nach Mitternacht abgeschlossen; stand der Dienst still, gehört er zum nächsten abgeschlossenen Tag.",
            en="A day is closed soon after midnight; if the service stood still, it is part of the next closed day.",
        ),
    )
