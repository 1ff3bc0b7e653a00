"""What authorities have sealed for the client: read, and taken away once the client has confirmed reading."""

import json
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response, Security
from pydantic import Field

from services.intake.adapters.http.client_auth import ClientAuth
from services.intake.adapters.http.histories import Reference, known_case
from services.intake.adapters.http.problems import problem
from services.intake.handler.lookup import Lookup
from services.intake.ports import AuthorityMessage, MessagePage, Messages
from shared.events.case import AnswerKind, DecisionOutcome
from shared.events.payload import Instant, Sealed, WireModel
from shared.web.bearer import Caller
from shared.web.described import described

_MOST: Final = 50
MessageId = Annotated[UUID, Path(description="`messageId` of the message.")]


class MessageDocument(WireModel):
    """What an authority has sealed for you with one of its answers. `content` opens with your own key alone.

    `content` is absent where the authority has sealed nothing for you, for example because you had no key registered.
    """

    message_id: UUID
    answer_id: UUID
    at: Instant
    authority: str
    kind: AnswerKind
    outcome: DecisionOutcome | None = None
    content: Annotated[Sealed | None, Field(description="a JWE; its plaintext is `AnswerContent`")] = None


class MessagesDocument(WireModel):
    """Messages of a case in the order of their arrival; ask again with `after` = `next` if there is `more`."""

    messages: tuple[MessageDocument, ...]
    next: str
    more: bool


def message_routes(lookup: Lookup, messages: Messages, *, gate: ClientAuth) -> APIRouter:
    """The routes; unknown and another client's are one answer."""
    router = APIRouter(tags=["messages"])

    @router.get(
        "/v1/cases/{reference}/messages",
        response_model=MessagesDocument,
        responses=described(401, 403, 404, 409, 410, 422, 429, 503),
    )
    async def read(
        reference: Reference,
        request: Request,
        caller: Annotated[Caller, Security(gate, scopes=["cases.read"])],
        after: Annotated[
            str | None, Query(description="The `next` of an earlier answer.", max_length=64)
        ] = None,
        limit: Annotated[int, Query(ge=1, le=_MOST)] = 20,
    ) -> Response:
        """What authorities have sealed for you in this case and you have not confirmed yet.

        A page ends earlier where its messages are large.
        """
        case = (await known_case(lookup, reference, request, caller)).case_id
        page = await messages.page(case, client_id=caller.id, after=after, limit=limit)
        if page is None:
            raise problem("cursor-unknown", request)
        return Response(_body(page), media_type="application/json", headers={"Cache-Control": "no-store"})

    @router.post(
        "/v1/cases/{reference}/messages/{message_id}/confirmation",
        status_code=HTTPStatus.NO_CONTENT,
        responses=described(401, 403, 404, 409, 422, 429, 503),
    )
    async def confirm(
        reference: Reference,
        message_id: MessageId,
        request: Request,
        caller: Annotated[Caller, Security(gate, scopes=["cases.read"])],
    ) -> Response:
        """You have the message safely: the platform lets it go for good. Repeated, it has no second effect."""
        case = (await known_case(lookup, reference, request, caller)).case_id
        await messages.confirm(message_id, case_id=case, client_id=caller.id)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router


def _body(page: MessagePage) -> bytes:
    """The page as JSON; sealed content, which is JSON already, is not parsed and written again."""
    head = json.dumps({"next": page.next, "more": page.more})
    return f'{{"messages":[{",".join(map(_message, page.messages))}],{head[1:]}'.encode()


def _message(message: AuthorityMessage) -> str:
    document = MessageDocument(
        message_id=message.message_id,
        answer_id=message.answer_id,
        at=message.at,
        authority=message.authority,
        kind=message.kind,
        outcome=message.outcome,
    ).model_dump_json(by_alias=True, exclude_none=True)
    return document if message.content is None else f'{document[:-1]},"content":{message.content}}}'
