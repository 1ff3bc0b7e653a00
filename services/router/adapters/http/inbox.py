"""An authority's inbox over HTTP: the same records as on Kafka, confirmed by the same position."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response, Security
from pydantic import Field, JsonValue

from services.router.adapters.http.answer_problems import not_served, which_authority
from services.router.adapters.http.inbox_problems import bad_cursor, consumer_in_group, too_long_ago
from services.router.adapters.http.long_poll import until_something
from services.router.adapters.http.principal_auth import PrincipalAuth
from services.router.domain.cases.due import Periods, periods
from services.router.domain.cases.inbox import (
    BadCursor,
    ConsumerInGroup,
    InboxLook,
    InboxPage,
    InboxRecord,
    InboxStanding,
    event_in,
    read_cursor,
    write_cursor,
)
from services.router.domain.cases.webhooks import Webhook, WebhookState, state_of
from services.router.ports import Arrivals, DueDates, Inboxes, InboxLooks, OwedCases, WebhookStore
from shared.events.answer_refusal import AnswerWithoutEffect
from shared.events.payload import AuthorityId, Instant, WireModel
from shared.offload import offload
from shared.web.bearer import Caller
from shared.web.described import described

SCOPE: Final = "inbox.read"
MOST_RECORDS: Final = 100
MOST_BYTES: Final = 4 * 1024 * 1024
LONGEST_WAIT: Final = 30
REPLAYED: Final = timedelta(days=30)
UNREADABLE: Final = "de.amtsweg.RecordUnreadable.v1"
"""Stands in the place of records that cannot be read any more; it lies on no topic."""

_SEEN: Final[dict[int | str, dict[str, Any]]] = described(400, 401, 403, 422, 429, 503)
_MOVED: Final[dict[int | str, dict[str, Any]]] = described(400, 401, 403, 409, 422, 429, 503)


class InboxRecordDocument(WireModel):
    """One record. `headers` are those of the Kafka record, `event` is its value.

    Where the platform cannot read its own bytes any more, `ce_type` is `de.amtsweg.RecordUnreadable.v1`, and `event` says why.
    """

    authority: AuthorityId
    cursor: Annotated[str, Field(description="confirms this record and those before it in its inbox")]
    headers: dict[str, str]
    event: JsonValue


class InboxDocument(WireModel):
    """What waits; `cursor` confirms all of it, or goes on after it. Without records it is absent."""

    records: tuple[InboxRecordDocument, ...]
    cursor: str | None = None


class ConfirmationDocument(WireModel):
    """The cursor of a record or of a page: what lies before it is safely yours."""

    cursor: Annotated[str, Field(max_length=24_000)]


class ReplayDocument(WireModel):
    """From which instant on the inbox is to be read again, at most 30 days ago."""

    since: Instant
    authority: Annotated[AuthorityId | None, Field(description="needed where the token serves several")] = (
        None
    )


class PeriodDocument(WireModel):
    """The day by which the decision about this case must be sent."""

    case_id: UUID
    decide_by: date


class InboxStandingDocument(WireModel):
    """How one inbox stands. `waiting` is an upper bound: places that hold no record are counted too."""

    authority: AuthorityId
    waiting: int
    oldest_waiting: Instant | None = None
    consumer: Annotated[bool, Field(description="whether a Kafka consumer is in the group; then it confirms")]
    last_fetch: Annotated[Instant | None, Field(description="over HTTP, to the minute")] = None
    refused_answers: Annotated[int, Field(description="answers that the door did not take")] = 0
    without_effect: Annotated[
        tuple[AnswerWithoutEffect, ...] | None,
        Field(
            description="the latest answers that the door took and that had no effect, for 14 days; absent where there is none"
        ),
    ] = None
    webhook: Annotated[WebhookState | None, Field(description="absent where none was ever registered")] = None
    failed_webhook_calls: int = 0
    next_period: Annotated[
        PeriodDocument | None, Field(description="the next period that ends; absent while none is about to")
    ] = None
    periods_over: Annotated[int, Field(description="cases whose period has ended without a decision")] = 0


class InboxStatusDocument(WireModel):
    """Every inbox that this token serves."""

    inboxes: tuple[InboxStandingDocument, ...]


def inbox_routes(
    inboxes: Inboxes,
    *,
    looks: InboxLooks,
    webhooks: WebhookStore,
    arrivals: Arrivals,
    cases: OwedCases,
    due: DueDates,
    gate: PrincipalAuth,
) -> APIRouter:
    """``/v1/inbox`` and what lies below it."""
    routes = APIRouter(prefix="/v1/inbox", tags=["inbox"])

    @routes.get("", response_model=InboxDocument, responses=_SEEN)
    async def inbox(
        caller: Annotated[Caller, Security(gate, scopes=[SCOPE])],
        after: Annotated[
            str | None, Query(description="a cursor; without one: what is not confirmed", max_length=24_000)
        ] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_RECORDS)] = 20,
        wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for a record")] = 0,
        authority: Annotated[AuthorityId | None, Query(description="only this inbox")] = None,
    ) -> Response:
        """The records of the inbox, in order; with several inboxes each record names its authority."""
        served = _served(caller, authority)
        places = {} if after is None else _places(after, caller)
        await looks.fetched(served)

        def still() -> None:
            gate.still(caller, scope=SCOPE, authorities=served)

        page = await until_something(
            inboxes,
            arrivals,
            served,
            places=places,
            limit=limit,
            most_bytes=MOST_BYTES,
            seconds=float(wait),
            still=still,
            every=gate.again_seconds,
        )
        still()
        if page.beyond:
            raise bad_cursor()
        size = sum(len(record.value) for record in page.records)
        return await offload(lambda: _json(_page(page, places)), size=size)

    @routes.post("/confirmation", status_code=HTTPStatus.NO_CONTENT, responses=_MOVED)
    async def confirm(
        body: ConfirmationDocument, caller: Annotated[Caller, Security(gate, scopes=[SCOPE])]
    ) -> Response:
        """Confirm what has been read; from then on the authority is responsible for it. Again, or late, changes nothing."""
        with _moving():
            await inboxes.commit(_places(body.cursor, caller))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @routes.get("/status", response_model=InboxStatusDocument, responses=_SEEN)
    async def status(
        caller: Annotated[Caller, Security(gate, scopes=[SCOPE])],
        authority: Annotated[AuthorityId | None, Query(description="only this inbox")] = None,
    ) -> Response:
        """How far behind each inbox is, and which period ends next."""
        served = _served(caller, authority)
        found = await inboxes.standing(served)
        looked, called = await looks.of(served), await webhooks.of(served)
        documents = tuple(
            _standing(
                each,
                looked.get(each.authority),
                called.get(each.authority),
                periods(cases.owed_by(each.authority), due.of),
                cases.without_effect(each.authority),
            )
            for each in found
        )
        return _json(InboxStatusDocument(inboxes=documents))

    @routes.post("/replay", response_model=InboxStatusDocument, responses=_MOVED)
    async def replay(
        body: ReplayDocument, caller: Annotated[Caller, Security(gate, scopes=[SCOPE])]
    ) -> Response:
        """Read the inbox again from an instant on: what was confirmed since then waits once more, under the same ids."""
        if datetime.now(UTC) - body.since > REPLAYED:
            raise too_long_ago()
        served = _served(caller, body.authority)
        if len(served) != 1:
            raise which_authority()
        with _moving():
            place = await inboxes.rewind(served[0], to_ms=int(body.since.timestamp() * 1000))
        await webhooks.rewind(served[0], place=place)
        return await status(caller, served[0])

    return routes


def _served(caller: Caller, authority: str | None) -> list[str]:
    served = caller.principal.authorities
    if authority is not None and authority not in served:
        raise not_served()
    if not served:
        raise not_served()
    return sorted(served) if authority is None else [authority]


def _places(cursor: str, caller: Caller) -> dict[str, int]:
    try:
        return read_cursor(cursor, served=caller.principal.authorities)
    except BadCursor:
        raise bad_cursor() from None


def _standing(
    standing: InboxStanding,
    look: InboxLook | None,
    webhook: Webhook | None,
    calendar: Periods,
    without_effect: Sequence[AnswerWithoutEffect],
) -> InboxStandingDocument:
    oldest = standing.oldest_waiting_ms
    return InboxStandingDocument(
        authority=standing.authority,
        waiting=standing.waiting,
        oldest_waiting=None if oldest is None else datetime.fromtimestamp(oldest / 1000, UTC),
        consumer=standing.consumer,
        last_fetch=look.fetched_at.astimezone(UTC) if look and look.fetched_at else None,
        refused_answers=look.refused_answers if look else 0,
        without_effect=tuple(without_effect) or None,
        webhook=state_of(webhook) if webhook else None,
        failed_webhook_calls=webhook.failed_calls if webhook else 0,
        next_period=(
            PeriodDocument(case_id=calendar.case, decide_by=calendar.decide_by)
            if calendar.case and calendar.decide_by
            else None
        ),
        periods_over=calendar.over,
    )


@contextmanager
def _moving() -> Iterator[None]:
    try:
        yield
    except ConsumerInGroup as busy:
        raise consumer_in_group(busy.authority) from None
    except BadCursor:
        raise bad_cursor() from None


def _page(page: InboxPage, places: dict[str, int]) -> InboxDocument:
    reached = {**places, **page.reached}
    return InboxDocument(
        records=tuple(_record(each) for each in page.records),
        cursor=write_cursor(reached) if reached else None,
    )


def _record(record: InboxRecord) -> InboxRecordDocument:
    event, fault = event_in(record)
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    if fault is not None:
        headers["ce_type"] = UNREADABLE
        event = {"authority": record.authority, "fault": fault}
    return InboxRecordDocument(
        authority=record.authority,
        cursor=write_cursor({record.authority: record.offset + 1}),
        headers=headers,
        event=event,
    )


def _json(document: WireModel) -> Response:
    return Response(
        document.model_dump_json(by_alias=True, exclude_none=True),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
