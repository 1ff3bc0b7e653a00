"""docs/asyncapi.yaml: the bus as an AsyncAPI 3.0 document, from the catalogue and the payload models."""

from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import yaml

from amtsweg.docs.schemas import payloads, schemas
from shared.events.envelope import LONGEST_ATTRIBUTE, event_type
from shared.events.payload import Payload
from shared.events.topic_names import (
    DEAD_LETTER_PARTITIONS,
    DEAD_LETTER_RETENTION,
    DEAD_LETTER_TOPICS,
    SEALED_DEAD_LETTER_RETENTION,
    sealed_dead_letter_topic,
)
from shared.events.topics import CATALOGUE, PARTITIONS, Topic

SchemaNode = dict[str, Any]

_KEYS = {
    "case": {"type": "string", "format": "uuid", "description": "the case"},
    "message": {"type": "string", "description": "the message; a record without value takes it away"},
    "object": {"type": "string", "description": "the object; the partition is that of the case"},
    "log": {"type": "string", "description": "the log's origin"},
    "service": {"type": "string", "description": "the service that carries the order out"},
    "land": {"type": "string", "description": "the Land's key, two digits"},
}
_UUID = {"type": "string", "format": "uuid"}


def page() -> str:
    """Return the document as YAML."""
    text = yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=110)
    return f"# Made by `make docs` from shared/events. Do not edit.\n{text}"


def document() -> SchemaNode:
    """Return the document; it is valid by the JSON Schema of AsyncAPI 3.0.0."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Amtsweg",
            "version": version("amtsweg"),
            "description": (
                "CloudEvents 1.0 in Kafka's binary mode. Readers set isolation.level=read_committed, drop "
                "events whose ce_id they have seen, and ignore fields that they do not know."
            ),
            "license": {"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/en/"},
        },
        "defaultContentType": "application/json",
        "servers": {"bus": _server()},
        "channels": {**{_id(topic): _channel(topic) for topic in CATALOGUE}, **_dead_letter_channels()},
        "operations": dict(_operations()),
        "components": {
            "messages": {payload.__name__: _message(payload) for payload in payloads()}
            | {"DeadLetter": _dead_letter()},
            "schemas": schemas(payloads(), prefix="#/components/schemas/"),
            "securitySchemes": {"scram": {"type": "scramSha512", "description": "one user per principal"}},
        },
    }


def _server() -> SchemaNode:
    return {
        "host": "{bootstrap}",
        "protocol": "kafka-secure",
        "variables": {"bootstrap": {"description": "host and port; locally the one in var/stack.json"}},
        "security": [{"$ref": "#/components/securitySchemes/scram"}],
    }


def _id(topic: Topic) -> str:
    return topic.name.replace(".<id>", "")


def _channel(topic: Topic) -> SchemaNode:
    channel: SchemaNode = {
        "address": topic.for_authority("{authority}"),
        "messages": {p.__name__: {"$ref": f"#/components/messages/{p.__name__}"} for p in topic.payloads},
    }
    if topic.per_authority:
        channel["parameters"] = {"authority": {"description": "the authority's id, for example g-06531005"}}
    channel["bindings"] = {
        "kafka": {
            "partitions": topic.partitions(PARTITIONS),
            "topicConfiguration": _configuration(topic.retention, compacted=topic.compacted)
            | {"max.message.bytes": topic.max_bytes},
        }
    }
    return channel


def _dead_letter_channels() -> dict[str, SchemaNode]:
    return {
        name: {
            "address": name,
            "messages": {"DeadLetter": {"$ref": "#/components/messages/DeadLetter"}},
            "bindings": {
                "kafka": {
                    "partitions": DEAD_LETTER_PARTITIONS,
                    "topicConfiguration": _configuration(
                        SEALED_DEAD_LETTER_RETENTION
                        if name == sealed_dead_letter_topic(group)
                        else DEAD_LETTER_RETENTION,
                        compacted=False,
                    ),
                }
            },
        }
        for name, group in DEAD_LETTER_TOPICS.items()
    }


def _configuration(retention: timedelta | None, *, compacted: bool) -> SchemaNode:
    policies = [
        name for name, counts in (("compact", compacted), ("delete", retention is not None)) if counts
    ]
    configuration: SchemaNode = {"cleanup.policy": policies or ["delete"]}
    if retention is not None:
        configuration["retention.ms"] = retention // timedelta(milliseconds=1)
    elif not compacted:
        configuration["retention.ms"] = -1
    return configuration


def _operations() -> Iterator[tuple[str, SchemaNode]]:
    for topic in CATALOGUE:
        for principal in topic.producers:
            yield _operation(principal, "send", _id(topic))
        for reader in dict.fromkeys((*topic.consumers, *topic.rebuild, *topic.followers)):
            yield _operation(reader, "receive", _id(topic))
    for name, group in DEAD_LETTER_TOPICS.items():
        yield _operation(group, "send", name)


def _operation(who: str, action: str, channel: str) -> tuple[str, SchemaNode]:
    return f"{who}.{action}.{channel}", {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}


def _message(payload: type[Payload]) -> SchemaNode:
    topic = next(topic for topic in CATALOGUE if payload in topic.payloads)
    return {
        "name": event_type(payload),
        "summary": _summary(payload),
        "contentType": "application/json",
        "headers": _headers(event_type(payload)),
        "payload": {"$ref": f"#/components/schemas/{payload.__name__}"},
        "bindings": {"kafka": {"key": _KEYS[topic.key]}},
    }


def _headers(name: str) -> SchemaNode:
    properties: SchemaNode = {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {**_UUID, "description": "the event; derived, so a repetition has the same id"},
        "ce_source": {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_ATTRIBUTE,
            "pattern": "^[!-~]+$",
        },
        "ce_type": {"const": name},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_caseid": _UUID,
        "ce_submissionid": _UUID,
        "content-type": {"const": "application/json"},
        "traceparent": {
            "type": "string",
            "minLength": 55,
            "maxLength": 55,
            "description": "W3C Trace Context",
        },
    }
    required = [header for header in properties if header != "traceparent"]
    return {"type": "object", "properties": properties, "required": required}


def _dead_letter() -> SchemaNode:
    return {
        "name": "dead letter",
        "summary": "A record that could not be read or handled, and notes about what became of such records.",
        "contentType": "application/octet-stream",
        "payload": {
            "description": "the bytes of the original record; none where that is sealed, or too large"
        },
    }


def _summary(payload: type[Payload]) -> str:
    return (payload.__doc__ or "").partition("\n")[0]
