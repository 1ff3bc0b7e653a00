"""What a platform's developer finds without a word from us."""

import ast
import re

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from services.intake.adapters.http.problem_catalogue import CATALOGUE
from shared.case_history.words import CODES
from tests.component.intake.conftest import ISSUER, Intake, problem_of
from tests.repository.tree import modules

pytestmark = pytest.mark.slow


async def test_a_library_learns_everything_from_the_metadata(intake: Intake) -> None:
    metadata = (await intake.http.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["issuer"] == ISSUER
    assert metadata["token_endpoint"] == f"{ISSUER}/token"
    assert "EdDSA" in metadata["token_endpoint_auth_signing_alg_values_supported"]
    keys = (await intake.http.get(metadata["jwks_uri"].removeprefix(ISSUER))).json()
    assert not any("d" in key for key in keys["keys"])
    token = intake.bearer()["Authorization"].removeprefix("Bearer ")
    assert jwt.decode(token, KeySet.import_key_set(keys), algorithms=["ES256"]).claims["aud"] == "intake"


async def test_the_first_page_names_every_code_and_leads_to_every_problem(intake: Intake) -> None:
    page = await intake.http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert all(f"<code>{code}</code>" in page.text for code in CODES)
    assert ISSUER in page.text
    links = set(re.findall(r'href="(/problems/[a-z-]+)"', page.text))
    assert links >= {f"/problems/{kind}" for kind in CATALOGUE}
    for link in links:
        explained = await intake.http.get(link)
        assert (explained.status_code, "{" in explained.text.partition("<main>")[2]) == (200, False)


async def test_every_problem_that_intake_answers_has_a_page_whoever_made_it(intake: Intake) -> None:
    """The framework and the machinery refuse too; a page that links to nothing helps nobody."""
    made = {
        str(call.args[1].value)
        for name, tree in modules("shared")
        if "sign_in" not in name
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Problem"
        if len(call.args) > 1 and isinstance(call.args[1], ast.Constant)
    }
    assert {"invalid", "internal-error", "too-slow"} <= made
    answered = [
        await intake.http.put("/token"),
        await intake.http.get("/v1/names", params={"kind": "x", "text": "Fulda"}),
    ]
    kinds = {*made, *(problem_of(answer)[1] for answer in answered)}
    pages = {kind: (await intake.http.get(f"/problems/{kind}")).status_code for kind in kinds}
    assert {kind for kind, status in pages.items() if status != 200} == set()


async def test_a_problem_that_there_is_not_is_told_on_a_page_that_lists_them_all(intake: Intake) -> None:
    page = await intake.http.get("/problems/none")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert all(f'href="/problems/{kind}"' in page.text for kind in CATALOGUE)


async def test_codes_are_an_enumeration_in_the_description(intake: Intake) -> None:
    schemas = intake.app.openapi()["components"]["schemas"]
    assert schemas["StandingDocument"]["properties"]["code"]["enum"] == sorted(CODES)


async def test_the_weight_of_a_language_counts(intake: Intake) -> None:
    answer = await intake.submit(b"", headers={"Accept-Language": "de;q=0.1, en;q=0.9"})
    assert answer.headers["content-language"] == "en"


async def test_the_description_is_a_page_that_names_every_operation_and_leads_to_every_schema(
    intake: Intake,
) -> None:
    page = await intake.http.get("/api")
    assert page.headers["content-type"].startswith("text/html")
    assert "<script" not in page.text
    assert not re.findall(r'(?:src|href)="https?:', page.text)
    document = intake.app.openapi()
    assert all(f"<code>{path}</code>" in page.text for path in document["paths"])
    anchors = set(re.findall(r'id="([^"]+)"', page.text))
    assert set(re.findall(r'href="#([^"]+)"', page.text)) <= anchors
    assert {f"schema-{name}" for name in document["components"]["schemas"]} <= anchors


async def test_every_problem_says_where_it_is_explained(intake: Intake) -> None:
    for answer in (
        await intake.submit(b"{"),
        await intake.submit(key=""),
        await intake.http.get("/v1/events"),
    ):
        _, kind = problem_of(answer)
        assert answer.headers["link"] == f'</problems/{kind}>; rel="help"'
        assert (await intake.http.get(f"/problems/{kind}")).status_code == 200


async def test_names_and_competence_are_found_under_the_same_address(intake: Intake) -> None:
    found = (await intake.http.get("/v1/names", params={"kind": "authority", "text": "g-06531005"})).json()
    assert [each["name"] for each in found["found"]] == ["Magistrat der Stadt Gießen"]
    led = await intake.http.get("/v1/competence", params={"service": "99050012104000", "plz": "35390"})
    assert led.status_code == 307
    assert led.headers["location"] == "http://doors/v1/competence?service=99050012104000&plz=35390"


async def test_both_limits_of_size_say_the_same(intake: Intake) -> None:
    exceeds_content = b'{"service":"99050012104000","content":{"a":"%s"}}' % (b"x" * (1024 * 1024))
    exceeds_body = b'{"service":"99050012104000","content":{"a":"%s"}}' % (b"x" * (1200 * 1024))
    answers = [
        await intake.submit(each, headers={"Accept-Language": "en"})
        for each in (exceeds_content, exceeds_body)
    ]
    assert [problem_of(answer) for answer in answers] == [(413, "too-large")] * 2
    assert len({answer.json()["resolution"] for answer in answers}) == 1
