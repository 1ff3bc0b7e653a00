"""The routes of webhooks: an authority registers a receiver that is called for new records, and sees how the calls go."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response, Security
from pydantic import Field

from services.router.adapters.http.answer_problems import not_served
from services.router.adapters.http.principal_auth import PrincipalAuth
from services.router.adapters.http.webhook_problems import no_webhook, url_not_permitted
from services.router.domain.cases.webhooks import SECRET_OVERLAP, Webhook, WebhookState, state_of
from services.router.ports import WebhookStore
from shared.crypto.webhook_signatures import WebhookKeys
from shared.events.payload import AuthorityId, Instant, WireModel
from shared.web.bearer import Caller
from shared.web.described import described
from shared.web.egress import LONGEST_URL, NotPermitted

SCOPE: Final = "webhooks.write"

_RESPONSES: Final[dict[int | str, dict[str, Any]]] = described(401, 403, 404, 422, 429, 503)
_Of = Annotated[
    AuthorityId | None, Query(description="only this authority; without it: all that the token serves")
]


class WebhookRequestDocument(WireModel):
    """Where to call; for all authorities that the token serves, or for one."""

    url: Annotated[
        str,
        Field(max_length=LONGEST_URL, description="https; a public address, without user name and fragment"),
    ]
    authority: AuthorityId | None = None


class WebhookDocument(WireModel):
    """How the webhook of one authority stands."""

    authority: AuthorityId
    url: str
    state: Annotated[
        WebhookState,
        Field(
            description="gone: answered 410; unreachable: no success for five days; register it again to go on"
        ),
    ]
    last_heard: Annotated[Instant | None, Field(description="last answer 2xx")] = None
    last_failure: str | None = None
    failed_calls: int
    laid_aside: Annotated[int, Field(description="records that the receiver refused; they wait in the inbox")]
    next_attempt: Instant | None = None


class WebhooksDocument(WireModel):
    """`publicKeys` verify `v1a`, `secret` verifies `v1`; during a rotation two signatures of a kind are valid."""

    webhooks: tuple[WebhookDocument, ...]
    public_keys: tuple[str, ...]
    secret: Annotated[str | None, Field(description="only when registered or rotated; keep it")] = None
    previous_until: Annotated[
        Instant | None, Field(description="until then the secret before it signs, too")
    ] = None


def webhook_routes(
    store: WebhookStore,
    *,
    keys: WebhookKeys,
    vet: Callable[[str], object],
    gate: PrincipalAuth,
    clock: Callable[[], datetime],
) -> APIRouter:
    """``/v1/webhook``; ``vet`` raises `NotPermitted` for what nothing is sent to."""
    routes = APIRouter(prefix="/v1/webhook", tags=["webhook"])

    async def stands(
        authorities: Sequence[str], *, secret: str | None = None, previous_until: datetime | None = None
    ) -> Response:
        found = await store.of(authorities)
        return _json(
            WebhooksDocument(
                webhooks=tuple(_document(found[each]) for each in sorted(found)),
                public_keys=tuple(keys.public_keys()),
                secret=secret,
                previous_until=previous_until,
            )
        )

    @routes.put("", response_model=WebhooksDocument, responses=_RESPONSES)
    async def register(
        body: WebhookRequestDocument, caller: Annotated[Caller, Security(gate, scopes=[SCOPE])]
    ) -> Response:
        """Register; whatever is not confirmed is announced there. Again is the same, and begins an ended one anew."""
        try:
            vet(body.url)
        except NotPermitted as refused:
            raise url_not_permitted(refused.why) from None
        served = _served(caller, body.authority)
        generation = await store.register(served, principal=caller.id, url=body.url)
        return await stands(served, secret=keys.secret(caller.id, generation))

    @routes.get("", response_model=WebhooksDocument, responses=_RESPONSES)
    async def webhook(
        caller: Annotated[Caller, Security(gate, scopes=[SCOPE])], authority: _Of = None
    ) -> Response:
        """What is registered, and how the calls go."""
        return await stands(_served(caller, authority))

    @routes.delete("", status_code=HTTPStatus.NO_CONTENT, responses=_RESPONSES)
    async def withdraw(
        caller: Annotated[Caller, Security(gate, scopes=[SCOPE])], authority: _Of = None
    ) -> Response:
        """Call no more; the inbox is read by pull or Kafka. Again is the same."""
        await store.withdraw(_served(caller, authority))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @routes.post("/secret", response_model=WebhooksDocument, responses=_RESPONSES)
    async def rotate(caller: Annotated[Caller, Security(gate, scopes=[SCOPE])]) -> Response:
        """A new secret; for a day the one before it signs beside it."""
        generation = await store.rotate(caller.id)
        if generation is None:
            raise no_webhook()
        return await stands(
            _served(caller, None),
            secret=keys.secret(caller.id, generation),
            previous_until=clock() + SECRET_OVERLAP,
        )

    return routes


def _served(caller: Caller, authority: str | None) -> list[str]:
    served = caller.principal.authorities
    if not served or (authority is not None and authority not in served):
        raise not_served()
    return sorted(served) if authority is None else [authority]


def _document(webhook: Webhook) -> WebhookDocument:
    return WebhookDocument(
        authority=webhook.authority,
        url=webhook.url,
        state=state_of(webhook),
        last_heard=_utc(webhook.heard_at),
        last_failure=webhook.last_failure,
        failed_calls=webhook.failed_calls,
        laid_aside=webhook.laid_aside,
        next_attempt=_utc(None if webhook.ended else webhook.next_at),
    )


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)


def _json(document: WireModel) -> Response:
    return Response(
        document.model_dump_json(by_alias=True, exclude_none=True),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
