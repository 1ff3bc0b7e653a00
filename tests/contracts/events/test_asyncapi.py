"""The AsyncAPI document is valid, complete, and says what the golden files show."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from amtsweg.docs.asyncapi import document
from shared.events.topic_names import DEAD_LETTER_TOPICS
from shared.events.topics import CATALOGUE
from tests.golden.write import FOLDER

SPECIFICATION = Path(__file__).parent / "asyncapi-3.0.0.json"
DOCUMENT = json.loads(json.dumps(document()))


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for name, value in node.items() if name == "$ref" and isinstance(value, str))
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _references(item)


def _resolve(reference: str) -> Any:
    node = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def test_the_document_is_valid_asyncapi_3() -> None:
    jsonschema.Draft7Validator(json.loads(SPECIFICATION.read_text(encoding="utf-8"))).validate(DOCUMENT)


def test_the_specifications_schema_refuses_a_wrong_document() -> None:
    wrong = {**DOCUMENT, "operations": {"router.send": {"action": "whisper"}}}
    schema = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
    assert not jsonschema.Draft7Validator(schema).is_valid(wrong)


def test_every_reference_resolves() -> None:
    assert [_resolve(reference) for reference in set(_references(DOCUMENT))]


def test_every_topic_of_the_catalogue_is_a_channel() -> None:
    addresses = {channel["address"] for channel in DOCUMENT["channels"].values()}
    assert addresses == {
        *(topic.for_authority("{authority}") for topic in CATALOGUE),
        *DEAD_LETTER_TOPICS,
    }


@pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*/valid-*.json")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_a_golden_record_fits_its_message(path: Path) -> None:
    record = json.loads(path.read_text(encoding="utf-8"))
    message = DOCUMENT["components"]["messages"][path.parent.name.removesuffix(".v1")]
    registry: Registry[Any] = Registry().with_resource("urn:bus", DRAFT202012.create_resource(DOCUMENT))
    payload = {"$ref": f"urn:bus{message['payload']['$ref']}"}
    jsonschema.Draft202012Validator(payload, registry=registry).validate(record["value"])
    jsonschema.Draft202012Validator(message["headers"]).validate(record["headers"])
