"""docs/schemas: what the sealed parts of an answer say before they are sealed, as JSON Schemas in German and English."""

import json

from shared.events.payload import WireModel
from shared.events.sealed_answer import AnswerContent, AnswerNotice


def content() -> str:
    """The schema of what the platform client opens."""
    return _schema(AnswerContent)


def notice() -> str:
    """The schema of what the notifier opens."""
    return _schema(AnswerNotice)


def _schema(model: type[WireModel]) -> str:
    schema = model.model_json_schema(by_alias=True)
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
