"""Every protected route of every service, with every token that opens nothing: 401 or 403, and never an error of ours."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from shared.access.principal import Credential, Principal
from shared.web.bearer import AccessTokens, Caller, Callers
from tests.component.intake.conftest import ISSUER, in_memory
from tests.component.intake.conftest import TOKEN_KEY as INTAKE_KEY
from tests.contracts.intake.fakes import FakeClock
from tests.support.auditors import PrincipalsHere
from tests.support.desk import TOKEN_KEY as DESK_KEY
from tests.support.desk import DeskInMemory, desk_app
from tests.support.doors import DoorsInMemory, doors_app
from tests.support.events import GIESSEN, RECEIVED_AT
from tests.support.hostile_tokens import TokenGround
from tests.support.operations import Operation, protected
from tests.support.routing import RouterInMemory

pytestmark = pytest.mark.slow

_KEY = ECKey.generate_key("P-256", {"kid": "tokens-1"})
_ISSUED = int(FakeClock().now.timestamp())
_SCOPES = {
    "intake": "submissions.write cases.read",
    "doors": "answers.write inbox.read webhooks.write",
    "desk": "desk",
}


Shown = Mapping[str, str] | list[tuple[str, str]]
"""Headers that are sent; a list where one is there twice."""


class _DoorsWithTokens(DoorsInMemory):
    """Lets in whoever shows a token of the token door, as the process does."""

    def __init__(self) -> None:
        super().__init__()
        tokens = AccessTokens(
            [_KEY.as_dict(private=False)], issuer=ISSUER, audience="doors", clock=FakeClock()
        )
        known = Principal(
            id=GIESSEN,
            kind="authority",
            name=GIESSEN,
            scopes=frozenset(_SCOPES["doors"].split()),
            authorities=frozenset({GIESSEN}),
            registered_at=FakeClock().now - timedelta(days=1),
            credentials=(Credential(id="secret-1", secret_hash="-", valid_from=RECEIVED_AT),),
        )
        self._callers = Callers(tokens, PrincipalsHere({GIESSEN: known}), clock=FakeClock())

    def caller(self, authorization: str) -> Caller | None:
        return self._callers.read(authorization)

    def again(self, caller: Caller) -> Caller | None:
        return self._callers.again(caller)


@dataclass(frozen=True)
class _Behind:
    """A service, its protected operations and the token door that it believes."""

    http: httpx.AsyncClient
    operations: list[Operation]
    ground: TokenGround

    async def statuses(self, token: str) -> Mapping[Operation, int]:
        shown = {"Authorization": f"Bearer {token}"}
        return {each: (await self.asked(each, shown)).status_code for each in self.operations}

    async def asked(self, operation: Operation, shown: Shown) -> httpx.Response:
        return await self.http.request(operation.method, operation.path, headers=httpx.Headers(shown))


@asynccontextmanager
async def _app(service: str, folder: Path) -> AsyncIterator[tuple[FastAPI, ECKey, str, int]]:
    if service == "intake":
        async with in_memory() as intake:
            yield intake.app, INTAKE_KEY, "portal", _ISSUED
    elif service == "doors":
        yield doors_app(_DoorsWithTokens()), _KEY, GIESSEN, _ISSUED
    else:
        issued = int(RECEIVED_AT.timestamp())
        yield desk_app(DeskInMemory(RouterInMemory(folder))), DESK_KEY, "klaerung-7", issued


@pytest.fixture(params=["intake", "doors", "desk"])
async def behind(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[_Behind]:
    service = str(request.param)
    async with _app(service, tmp_path) as (app, key, principal, issued):
        claims = {
            "iss": ISSUER,
            "sub": principal,
            "aud": service,
            "scope": _SCOPES[service],
            "credential": "secret-1",
            "iat": issued,
            "exp": issued + 300,
        }
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
            yield _Behind(http, protected(app), TokenGround(key=key, claims=claims))


async def test_a_token_that_opens_nothing_is_answered_401_at_every_route(behind: _Behind) -> None:
    one = behind.operations[0]
    opened = {}
    for matter, token in behind.ground.hostile().items():
        status = (await behind.asked(one, {"Authorization": f"Bearer {token}"})).status_code
        if status != 401:
            opened[matter] = status
    assert opened == {}
    assert behind.operations
    for matter in ("signed by a stranger", "ended", "for several", "alg 'none'"):
        statuses = await behind.statuses(behind.ground.hostile()[matter])
        assert set(statuses.values()) == {401}, matter


async def test_a_good_token_is_let_in_at_every_route(behind: _Behind) -> None:
    """Without this the other tests could not fail."""
    statuses = await behind.statuses(behind.ground.good())
    assert not {401, 403} & set(statuses.values()), statuses
    assert max(statuses.values()) < 500, statuses


async def test_a_token_without_the_scope_is_answered_403_at_every_route(behind: _Behind) -> None:
    for scope in ("", " ", "nonsense", "audit.look", "DESK", _SCOPES["intake"].replace(" ", ",")):
        token = behind.ground.signed({**behind.ground.claims, "scope": scope})
        assert set((await behind.statuses(token)).values()) == {403}, scope


async def test_scopes_that_a_principal_does_not_have_open_nothing(behind: _Behind) -> None:
    every = " ".join(sorted({*" ".join(_SCOPES.values()).split(), "operation", "directory", "look"}))
    statuses = await behind.statuses(behind.ground.signed({**behind.ground.claims, "scope": every}))
    assert not {401, 403} & set(statuses.values()), statuses


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(lambda good: {"Authorization": good}, id="no scheme"),
        pytest.param(lambda good: {"Authorization": f"Basic {good}"}, id="another scheme"),
        pytest.param(lambda good: {"Authorization": f"Bearer{good}"}, id="no blank"),
        pytest.param(lambda good: {"Authorization": "Bearer"}, id="the scheme alone"),
        pytest.param(lambda good: {"Authorization": f"Bearer Bearer {good}"}, id="the scheme twice"),
        pytest.param(lambda good: {"Proxy-Authorization": f"Bearer {good}"}, id="for a proxy"),
        pytest.param(lambda good: {"Cookie": f"Authorization=Bearer {good}"}, id="as a cookie"),
        pytest.param(
            lambda good: [("Authorization", f"Bearer {good}"), ("Authorization", "Bearer other")],
            id="in front",
        ),
        pytest.param(lambda good: [("Authorization", f"Bearer {good}")] * 2, id="in two headers"),
        pytest.param(lambda good: {"X-Authorization": f"Bearer {good}"}, id="under another name"),
    ],
)
async def test_a_good_token_in_the_wrong_place_opens_nothing(
    behind: _Behind, header: Callable[[str], Shown]
) -> None:
    for operation in behind.operations:
        shown = header(behind.ground.good())
        assert (await behind.asked(operation, shown)).status_code == 401, operation


def _registered(**changes: Any) -> Principal:
    known = Principal(
        id=GIESSEN,
        kind="authority",
        name=GIESSEN,
        scopes=frozenset({"inbox.read"}),
        registered_at=RECEIVED_AT,
        credentials=(Credential(id="secret-1", secret_hash="-", valid_from=RECEIVED_AT),),
    )
    return replace(known, **changes)


@pytest.mark.parametrize(
    ("changes", "let_in"),
    [
        pytest.param({}, True, id="as it was"),
        pytest.param({"registered_at": RECEIVED_AT + timedelta(seconds=2)}, False, id="registered anew"),
        pytest.param({"credentials": ()}, False, id="without a credential"),
        pytest.param(
            {
                "credentials": (
                    Credential(
                        id="secret-1", secret_hash="-", valid_from=RECEIVED_AT, valid_until=RECEIVED_AT
                    ),
                )
            },
            False,
            id="whose credential has ended",
        ),
        pytest.param(
            {"credentials": (Credential(id="secret-2", secret_hash="-", valid_from=RECEIVED_AT),)},
            False,
            id="with another credential",
        ),
    ],
)
def test_a_token_ends_with_its_registration_and_its_credential(
    changes: Mapping[str, Any], *, let_in: bool
) -> None:
    """Also where it has been read before: what is remembered of a token is never who may come in."""
    clock = FakeClock(RECEIVED_AT + timedelta(seconds=1))
    tokens = AccessTokens([_KEY.as_dict(private=False)], issuer=ISSUER, audience="doors", clock=clock)
    known = {GIESSEN: _registered()}
    callers = Callers(tokens, PrincipalsHere(known), clock=clock)
    issued = int(clock.now.timestamp())
    claims = {"iss": ISSUER, "sub": GIESSEN, "aud": "doors", "scope": "inbox.read", "credential": "secret-1"}
    shown = TokenGround(key=_KEY, claims={**claims, "iat": issued, "exp": issued + 300}).good()
    assert callers.read(f"Bearer {shown}") is not None
    known[GIESSEN] = _registered(**changes)
    assert (callers.read(f"Bearer {shown}") is not None) is let_in
    del known[GIESSEN]
    assert callers.read(f"Bearer {shown}") is None
