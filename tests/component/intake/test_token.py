import warnings
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest
from joserfc import jws, jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey

from services.intake.adapters.rates import Quota
from services.intake.domain.token_request import ASSERTION_TYPE
from shared.access.secrets import hashed
from tests.component.intake.conftest import CLIENT_KEY, EDWARDS_KEY, ISSUER, SECRET, Intake, basic, problem_of

pytestmark = pytest.mark.slow

GRANT = {"grant_type": "client_credentials"}


def assertion(
    intake: Intake,
    *,
    key: ECKey | OctKey | OKPKey = CLIENT_KEY,
    alg: str = "ES256",
    header: Mapping[str, Any] = MappingProxyType({}),
    **changes: Any,
) -> str:
    claims = {
        "iss": "portal",
        "sub": "portal",
        "aud": ISSUER,
        "jti": "1",
        "exp": int((intake.clock() + timedelta(minutes=1)).timestamp()),
    }
    with warnings.catch_warnings():  # clients still write EdDSA
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.encode({"alg": alg, **header}, claims | changes, key, algorithms=[alg])


async def ask(intake: Intake, headers: dict[str, str] | None = None, **form: str) -> httpx.Response:
    return await intake.http.post("/token", data=GRANT | form, headers=headers)


async def ask_with(intake: Intake, shown: str, **form: str) -> httpx.Response:
    return await ask(intake, None, client_assertion=shown, client_assertion_type=ASSERTION_TYPE, **form)


async def test_a_secret_in_the_basic_header_opens_the_door(intake: Intake) -> None:
    answer = await ask(intake, basic("portal", quote_plus(SECRET)))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    granted = answer.json()
    assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 300)
    assert granted["scope"] == "cases.read submissions.write"
    token = {"Authorization": f"Bearer {granted['access_token']}"}
    assert (await intake.submit(headers=token)).status_code == 202


async def test_a_secret_in_the_form_opens_the_door(intake: Intake) -> None:
    answer = await ask(intake, client_id="portal", client_secret=SECRET, scope="cases.read")
    assert answer.json()["scope"] == "cases.read"


async def test_a_signed_assertion_opens_the_door_once(intake: Intake) -> None:
    shown = assertion(intake)
    assert (await ask_with(intake, shown)).status_code == 200
    again = await ask_with(intake, shown)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": f"{ISSUER}/token"},
        {"aud": [ISSUER, "https://other.example"]},
        {"sub": "other"},
        {"iss": "other", "sub": "other"},
        {"exp": 1},
        {"jti": None},
        {"jti": "\x07"},
        {"key": ECKey.generate_key("P-256")},
        {"key": OctKey.import_key("s" * 32), "alg": "HS256"},
    ],
)
async def test_an_assertion_that_proves_nothing_is_denied(intake: Intake, changes: dict[str, Any]) -> None:
    answer = await ask_with(intake, assertion(intake, **changes))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
@pytest.mark.parametrize("header", [{}, {"kid": "portal-2"}, {"kid": "portal-2", "typ": "JWT"}])
async def test_an_edwards_key_signs_under_both_names(
    intake: Intake, alg: str, header: dict[str, str]
) -> None:
    shown = assertion(intake, key=EDWARDS_KEY, alg=alg, header=header)
    assert (await ask_with(intake, shown)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"aud": f"{ISSUER}/token"}, "aud"),
        ({"exp": 4_000_000_000}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"jti": None}, "jti"),
        ({"iss": "other"}, "iss"),
        ({"header": {"typ": "jwt"}}, "typ"),
        ({"header": {"kid": "nobody's"}}, "signature"),
        ({"key": ECKey.generate_key("P-256")}, "signature"),
        ({"iss": "nobody", "sub": "nobody"}, "signature"),
        ({"key": OctKey.import_key("s" * 32), "alg": "HS256"}, "alg"),
    ],
)
async def test_a_denial_names_the_claim(intake: Intake, changes: dict[str, Any], named: str) -> None:
    answer = await ask_with(intake, assertion(intake, **changes))
    said = answer.json()["error_description"]
    assert (answer.status_code, said.partition(":")[0]) == (401, named)
    assert said.isascii()
    assert not set(said) & set('"\\')  # RFC 6749 section 5.2


async def test_a_used_assertion_and_another_client_id_are_named(intake: Intake) -> None:
    shown = assertion(intake)
    other = (await ask_with(intake, shown, client_id="other")).json()
    await ask_with(intake, shown)
    again = (await ask_with(intake, shown)).json()
    assert other["error_description"].startswith("client_id: ")
    assert again["error_description"].startswith("jti: ")


async def test_two_secrets_and_two_keys_open_the_door_while_one_takes_over(intake: Intake) -> None:
    portal = intake.principals.known["portal"]
    old = replace(portal.credentials[0], id="old", secret_hash=hashed("old"), valid_until=intake.clock())
    intake.principals.known["portal"] = replace(portal, credentials=(*portal.credentials, old))
    assert (await ask(intake, basic("portal", "old"))).status_code == 401
    lasting = replace(old, valid_until=intake.clock() + timedelta(minutes=1))
    intake.principals.known["portal"] = replace(portal, credentials=(*portal.credentials, lasting))
    granted = [await ask(intake, basic("portal", secret)) for secret in ("old", quote_plus(SECRET))]
    assert [answer.status_code for answer in granted] == [200, 200]
    token = {"Authorization": f"Bearer {granted[0].json()['access_token']}"}
    assert (await intake.submit(headers=token)).status_code == 202
    intake.clock.advance(minutes=1)
    assert problem_of(await intake.submit(headers=token)) == (401, "token-invalid")


async def test_a_service_is_named_by_resource(intake: Intake) -> None:
    secret = {"client_id": "portal", "client_secret": SECRET}
    ours = await ask(intake, None, **secret, resource="urn:amtsweg:intake")
    others = await ask(intake, None, **secret, resource="urn:amtsweg:doors")
    nobodys = await ask(intake, None, **secret, resource="https://intake.example")
    assert ours.status_code == 200
    assert [(each.status_code, each.json()["error"]) for each in (others, nobodys)] == [
        (400, "invalid_scope"),
        (400, "invalid_target"),
    ]
    assert "without scope" in others.json()["error_description"]


async def test_the_answer_to_a_wrong_secret_says_that_it_may_be_wrong(intake: Intake) -> None:
    told = (await ask(intake, None, client_id="portal", client_secret="wrong")).json()
    assert told["error"] == "invalid_client"
    assert "wrong or has ended" in told["error_description"]


async def test_a_form_is_sent_as_a_form(intake: Intake) -> None:
    answer = await intake.http.post("/token", json={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.json()["error_description"].startswith("Content-Type: ")


@pytest.mark.parametrize(
    "shown", ["", "a", "a.b.c", "..", "e30.e30.", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwb3J0YWwifQ."]
)
async def test_a_malformed_assertion_is_denied(intake: Intake, shown: str) -> None:
    assert (await ask_with(intake, shown or "x")).json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    "header",
    [
        *(b'"alg"', b'["alg"]', b"null", b'{"alg":["ES256"]}', b'{"alg":"ES256","kid":[]}'),
        *(
            b'{"alg":"ES256","crit":%s,"b64":true}' % crit
            for crit in (b"null", b"1", b"true", b"[1]", b"[[]]")
        ),
    ],
)
async def test_a_header_of_any_type_is_denied(intake: Intake, header: bytes) -> None:
    claims = jws.extract_compact(assertion(intake).encode()).payload
    shown = f"{jws_part(header)}.{jws_part(claims)}"
    signature = jws.JWSRegistry.algorithms["ES256"].sign(shown.encode(), CLIENT_KEY)
    denied = await ask_with(intake, f"{shown}.{jws_part(signature)}")
    assert (denied.status_code, denied.json()["error"]) == (401, "invalid_client")


def jws_part(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize("more", [b'"sub":"other",', rb'"\u0073ub":"other",', b'"n":1e400,'])
async def test_claims_that_two_readers_read_differently_are_denied(intake: Intake, more: bytes) -> None:
    claims = jws.extract_compact(assertion(intake).encode()).payload
    signed = [
        jws.serialize_compact({"alg": "ES256"}, each, CLIENT_KEY, algorithms=["ES256"])
        for each in (b"{" + more + claims[1:], claims)
    ]
    assert [(await ask_with(intake, each)).status_code for each in signed] == [401, 200]


async def test_an_assertion_under_another_client_id_is_denied(intake: Intake) -> None:
    assert (await ask_with(intake, assertion(intake), client_id="other")).status_code == 401


async def test_an_unknown_client_and_a_wrong_secret_get_one_answer(intake: Intake) -> None:
    wrong = await ask(intake, basic("portal", "wrong"))
    unknown = await ask(intake, basic("nobody", "wrong"))
    no_secret = await ask(intake, basic("other", "wrong"))
    assert wrong.status_code == 401
    assert wrong.content == unknown.content == no_secret.content
    assert wrong.headers["www-authenticate"] == 'Basic realm="intake"'


async def test_errors_are_those_of_rfc_6749(intake: Intake) -> None:
    other_grant = await ask(intake, grant_type="password")
    too_much = await ask(intake, client_id="portal", client_secret=SECRET, scope="admin")
    two_ways = await ask(intake, basic("portal", SECRET), client_id="portal", client_secret=SECRET)
    assert [(answer.status_code, answer.json()["error"]) for answer in (other_grant, too_much, two_ways)] == [
        (400, "unsupported_grant_type"),
        (400, "invalid_scope"),
        (400, "invalid_request"),
    ]


@pytest.mark.parametrize("client_id", ["other", "Portal", "portal ", "unknown"])
async def test_two_client_ids_in_one_request_are_ambiguous(intake: Intake, client_id: str) -> None:
    denied = await ask(intake, basic("portal", SECRET), client_id=client_id)
    assert (denied.status_code, denied.json()["error"]) == (400, "invalid_request")
    assert "client_id" in denied.json()["error_description"]
    assert (await ask(intake, basic("portal", SECRET), client_id="portal")).status_code == 200


async def test_a_request_for_a_token_is_short(intake: Intake) -> None:
    huge = await ask(intake, client_id="x" * 20_000)
    assert problem_of(huge) == (413, "too-large")


async def test_guessing_is_counted_by_address(intake: Intake) -> None:
    intake.counted.quota = Quota(limit=10, remaining=-1, resets_in=5)
    assert problem_of(await ask(intake, basic("portal", "guess"))) == (429, "quota-exceeded")
    assert intake.counted.who == ["address:127.0.0.1"]


async def test_guesses_from_one_ipv6_network_are_counted_together(intake: Intake) -> None:
    for address in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "::ffff:192.0.2.1"):
        transport = httpx.ASGITransport(intake.app, client=(address, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://intake") as http:
            await http.post("/token", data=GRANT, headers=basic("portal", "guess"))
    network = "address:2001:db8:0:1::/64"
    assert intake.counted.who == [network, network, "address:192.0.2.1"]


async def test_a_token_is_good_for_five_minutes(intake: Intake) -> None:
    token = intake.bearer()
    intake.clock.advance(minutes=4, seconds=59)
    assert (await intake.submit(headers=token)).status_code == 202
    intake.clock.advance(seconds=1)
    expired = await intake.submit(headers=token)
    assert problem_of(expired) == (401, "token-invalid")
    assert expired.headers["www-authenticate"] == 'Bearer realm="intake", error="invalid_token"'


async def test_a_client_that_was_shut_out_cannot_use_its_token_any_more(intake: Intake) -> None:
    token = intake.bearer()
    del intake.principals.known["portal"]
    assert problem_of(await intake.submit(headers=token)) == (401, "token-invalid")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", "Basic cG9ydGFsOng=", "Bearer a.b.c"])
async def test_without_a_valid_token_nothing_is_taken(intake: Intake, authorization: str) -> None:
    answer = await intake.submit(headers={"Authorization": authorization})
    assert problem_of(answer) == (401, "token-invalid")
    assert answer.headers["www-authenticate"].startswith('Bearer realm="intake"')
    assert not intake.store.rows


async def test_a_token_with_a_foreign_signature_is_invalid(intake: Intake) -> None:
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "tokens-1"}
    claims = {
        "iss": ISSUER,
        "aud": "intake",
        "sub": "portal",
        "scope": "submissions.write",
        "exp": int(intake.clock().timestamp()) + 60,
    }
    forged = jwt.encode(header, claims, ECKey.generate_key("P-256"))
    assert problem_of(await intake.submit(headers={"Authorization": f"Bearer {forged}"})) == (
        401,
        "token-invalid",
    )


async def test_a_token_for_another_audience_is_not_valid(intake: Intake) -> None:
    shown = assertion(intake)
    assert problem_of(await intake.submit(headers={"Authorization": f"Bearer {shown}"})) == (
        401,
        "token-invalid",
    )


async def test_a_token_without_the_scope_is_not_enough(intake: Intake) -> None:
    answer = await intake.submit(headers=intake.bearer(scopes=("cases.read",)))
    assert problem_of(answer) == (403, "scope-missing")
    assert 'scope="submissions.write"' in answer.headers["www-authenticate"]
