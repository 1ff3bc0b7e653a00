"""An application whose gates have let somebody in: for what is so of every route, whoever asks."""

from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from services.audit.domain.access import Reader
from shared.access.principal import Principal
from shared.web.bearer import Caller
from shared.web.gates import ADMITTED, Admitted
from tests.support.events import GIESSEN, RECEIVED_AT

_SCOPES: Final = frozenset(
    {"submissions.write", "answers.write", "inbox.read", "webhooks.write", "desk", "operation"}
)


class LetIn:
    """Every gate of the application finds that it has let this caller in."""

    def __init__(self, app: ASGIApp, caller: Caller | Reader) -> None:
        self._app = app
        self._admission = Admitted(caller=caller, name="test")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, ADMITTED: _Always(self._admission)}, receive, send)


class _Always(dict[object, Any]):
    """Has one admission, for every gate."""

    def __init__(self, admission: Admitted[Any]) -> None:
        super().__init__()
        self._admission = admission

    def __contains__(self, gate: object) -> bool:
        return True

    def __getitem__(self, gate: object) -> Admitted[Any]:
        return self._admission


def somebody(service: str) -> Caller | Reader:
    """Who has every right at this service."""
    if service == "audit":
        return Reader(name="pruefung-1", rights=frozenset({"look", "export", "bundles"}))
    principal = Principal(
        id="portal" if service == "intake" else GIESSEN,
        kind="platform" if service == "intake" else "authority",
        name="test",
        scopes=_SCOPES,
        authorities=frozenset({GIESSEN}),
        registered_at=RECEIVED_AT,
    )
    return Caller(principal=principal, scopes=_SCOPES)
