"""What a platform's developer finds without a word from us."""

import re

from joserfc import jwt
from joserfc.jwk import KeySet

from services.intake.adapters.http.problem_catalogue import CATALOGUE
from services.intake.domain.wording import CODES
from tests.component.intake.conftest import ISSUER, Intake, problem_of


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
    assert links == {f"/problems/{kind}" for kind in CATALOGUE}
    for link in links:
        assert (await intake.http.get(link)).status_code == 200
    assert problem_of(await intake.http.get("/problems/none")) == (404, "not-found")


async def test_codes_are_an_enumeration_in_the_description(intake: Intake) -> None:
    schemas = intake.app.openapi()["components"]["schemas"]
    assert schemas["StandingDocument"]["properties"]["code"]["enum"] == sorted(CODES)


async def test_the_weight_of_a_language_counts(intake: Intake) -> None:
    answer = await intake.submit(b"", headers={"Accept-Language": "de;q=0.1, en;q=0.9"})
    assert answer.headers["content-language"] == "en"
