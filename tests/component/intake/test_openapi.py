import json
import re
from typing import Any

import jsonschema
import pytest

from tests.component.intake.conftest import BODY, Intake

pytestmark = pytest.mark.slow


@pytest.fixture
def document(intake: Intake) -> dict[str, Any]:
    return intake.app.openapi()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def test_every_route_states_who_may_come_in(document: dict[str, Any]) -> None:
    stated = {name: operation["security"] for name, operation in operations(document).items()}
    assert {name for name, security in stated.items() if not security} == {
        "GET /health/live",
        "GET /health/ready",
        "GET /metrics",
        "POST /token",
        "GET /.well-known/oauth-authorization-server",
        "GET /.well-known/jwks.json",
        "GET /v1/names",
        "GET /v1/competence",
    }
    assert stated["POST /v1/submissions"] == [{"platform": ["submissions.write"]}]
    assert stated["GET /v1/events"] == [{"platform": ["cases.read"]}]
    assert "clientCredentials" in document["components"]["securitySchemes"]["platform"]["flows"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    names = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert names
    assert names <= document["components"]["schemas"].keys()


def test_it_is_openapi_3_1_and_its_schemas_are_json_schema(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


async def test_the_examples_are_what_is_really_taken_and_answered(
    intake: Intake, document: dict[str, Any]
) -> None:
    operation = operations(document)["POST /v1/submissions"]
    body = operation["requestBody"]["content"]["application/json"]["example"]
    answered = operation["responses"]["202"]["content"]["application/json"]["example"]
    answer = await intake.submit(json.dumps(body).encode())
    assert answer.status_code == 202
    assert answer.json().keys() == answered.keys()


@pytest.mark.parametrize(
    ("changes", "valid"),
    [({}, True), ({"service": "1"}, False), ({"contact": {}}, False), ({"extra": 1}, False)],
    ids=["whole", "service", "contact", "extra"],
)
async def test_the_described_schema_agrees_with_what_is_taken(
    intake: Intake, document: dict[str, Any], changes: dict[str, Any], *, valid: bool
) -> None:
    body = json.loads(BODY) | changes
    schema = {"$ref": "#/components/schemas/SubmissionDocument", "components": document["components"]}
    assert jsonschema.Draft202012Validator(schema).is_valid(body) == valid
    assert ((await intake.submit(json.dumps(body).encode())).status_code == 202) == valid
