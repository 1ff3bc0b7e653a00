"""What opens nothing at the auditors: 401 at every route, on record; a token of the token door least of all."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from services.audit.adapters.auditors import RIGHTS, RegisteredAuditors
from tests.contracts.web.test_tokens import _KEY
from tests.support.apps import audit_app
from tests.support.auditors import PrincipalsHere, auditor
from tests.support.hostile_tokens import TokenGround
from tests.support.operations import Operation, protected

pytestmark = pytest.mark.slow

GOOD, OTHER = "pruefung-3." + "s" * 43, "pruefung-4." + "t" * 43
_SECRET = GOOD.partition(".")[2]


def hostile() -> dict[str, str]:
    now = int(time.time())
    claims = {"iss": "https://intake.example", "sub": "pruefung-3", "aud": "audit", "scope": " ".join(RIGHTS)}
    strangers = TokenGround(
        key=_KEY, claims={**claims, "credential": "secret-1", "iat": now, "exp": now + 300}
    )
    own = {
        "id alone": "pruefung-3", "no secret": "pruefung-3.", "secret alone": _SECRET, "cut": GOOD[:-1], "longer": GOOD + "s",
        "another's secret": f"pruefung-4.{_SECRET}", "nobody's id": f"pruefung-9.{_SECRET}", "upper case": GOOD.upper(),
        "two dots": GOOD.replace(".", ".."), "a blank inside": GOOD.replace(".", ". "), "a second one": f"{GOOD},{OTHER}",
        "an authority's": f"g-06531005.{_SECRET}", "an ended one": f"pruefung-5.{_SECRET}", "percent": GOOD.replace(".", "%2e"),
        "a zero": f"{GOOD}\0", "long": f"pruefung-3.{'s' * 100_000}", "the hash": "pruefung-3.$argon2id$v=19$m=8,t=1,p=1$AA$AA",
    }  # fmt: skip
    return {**own, **strangers.hostile(), "of the token door": strangers.good()}


@dataclass(frozen=True)
class _Audit:
    http: httpx.AsyncClient
    operations: list[Operation]

    async def status(self, operation: Operation, token: bytes) -> int:
        headers = [(b"authorization", b"Bearer " + token)]
        return (await self.http.request(operation.method, operation.path, headers=headers)).status_code


@pytest.fixture
async def audit(tmp_path: Path) -> AsyncIterator[_Audit]:
    known = {each.id: each for each in (auditor(GOOD, *RIGHTS), auditor(OTHER, *RIGHTS))}
    known["g-06531005"] = replace(auditor(f"g-06531005.{_SECRET}", *RIGHTS), kind="authority")
    ended = auditor(f"pruefung-5.{_SECRET}", *RIGHTS)
    (credential,) = ended.credentials
    known["pruefung-5"] = replace(
        ended, credentials=(replace(credential, valid_until=credential.valid_from),)
    )
    app = audit_app(tmp_path, RegisteredAuditors(PrincipalsHere(known)))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://audit") as http:
        yield _Audit(http, protected(app))


async def test_a_token_that_is_no_auditors_is_answered_401(audit: _Audit) -> None:
    one = audit.operations[0]
    opened = {
        matter: status
        for matter, token in hostile().items()
        if (status := await audit.status(one, token.encode())) != 401
    }
    assert opened == {}
    for matter in ("cut", "another's secret", "an authority's", "an ended one", "of the token door"):
        statuses = {each: await audit.status(each, hostile()[matter].encode()) for each in audit.operations}
        assert set(statuses.values()) == {401}, (matter, statuses)


async def test_a_good_token_is_let_in_at_every_route(audit: _Audit) -> None:
    """Without this the other test could not fail."""
    statuses = {each: await audit.status(each, GOOD.encode()) for each in audit.operations}
    assert not {401, 403} & set(statuses.values()), statuses
    assert len(statuses) > 5


async def test_a_good_token_in_one_of_two_headers_opens_nothing(audit: _Audit) -> None:
    one = audit.operations[0]
    headers = [("Authorization", f"Bearer {GOOD}"), ("Authorization", f"Bearer {OTHER}")]
    assert (await audit.http.request(one.method, one.path, headers=headers)).status_code == 401
