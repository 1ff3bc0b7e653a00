"""JSON Schemas of the payloads, as they stand on the wire."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.events.payload import Payload
from shared.events.topics import CATALOGUE

Schema = Mapping[str, Any]


def payloads() -> tuple[type[Payload], ...]:
    """Every payload of the catalogue, once, in its order."""
    return tuple(dict.fromkeys(payload for topic in CATALOGUE for payload in topic.payloads))


def schemas(models: Iterable[type[Payload]], *, prefix: str) -> dict[str, Schema]:
    """Return the schema of each model and of what they refer to; ``prefix`` stands before each reference.

    Absent fields are left out on the wire, so "or null" is dropped. Readers ignore fields that they do not
    know, so additional ones are not forbidden.
    """
    requested = [(model, "serialization") for model in models]
    _, document = models_json_schema(requested, ref_template=prefix + "{model}")  # type: ignore[arg-type] # list of literals
    return {name: _on_the_wire(schema) for name, schema in sorted(document["$defs"].items())}


def _on_the_wire(node: Any) -> Any:
    if isinstance(node, list):
        return [_on_the_wire(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {
        name: _on_the_wire(value)
        for name, value in node.items()
        if not (name == "default" and value is None)
        and not (name == "additionalProperties" and value is False)
        and not (name == "title" and isinstance(value, str))
    }
    options = [option for option in kept.get("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        del kept["anyOf"]
        return {**options[0], **kept}
    return kept
