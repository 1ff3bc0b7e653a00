"""docs/events.md: the topic catalogue and the payloads for a reader."""

from collections.abc import Iterator
from datetime import timedelta
from inspect import cleandoc
from typing import Any

from amtsweg.docs.markdown import code, table
from amtsweg.docs.schemas import Schema, payloads, schemas
from shared.events.envelope import event_type
from shared.events.payload import Payload
from shared.events.topic_names import (
    DEAD_LETTER_RETENTION,
    SEALED_DEAD_LETTER_RETENTION,
    dead_letter_topic,
    sealed_dead_letter_topic,
)
from shared.events.topics import CATALOGUE, GROUPS, Topic

_HEAD = """# Events

Made by `make docs` from [`shared/events`](../shared/events). Do not edit.

Every record is a CloudEvent 1.0 in Kafka's binary mode: attributes in `ce_` headers, the payload as JSON value.
The headers are `ce_specversion`, `ce_id` (derived; a repetition has the same), `ce_source`, `ce_type`, `ce_time`,
`ce_caseid`, `ce_submissionid`, `content-type` and, inside a trace, `traceparent`. One record of every kind, and
records that are refused, lie in [`tests/golden/events`](../tests/golden/events); the same contract for tools is
[asyncapi.yaml](asyncapi.yaml).

Of each `ce_` header there is one, of at most 200 bytes; anything else makes the record a dead letter. `traceparent` is read
if it is W3C Trace Context of version 00 (55 characters). What is not is dropped: it costs the trace and never the case. Other
headers (`tracestate`, `baggage`, …) are neither read nor passed on.

Readers use `isolation.level=read_committed`, drop ids they have seen, and ignore fields they do not know.
Within a version, fields are only added, with defaults; a breaking change is a new topic.
"""


def page() -> str:
    """Return the page."""
    known = schemas(payloads(), prefix="")
    events = "".join(_event(payload, known[payload.__name__]) for payload in payloads())
    parts = "".join(_part(name, known[name]) for name in known if name not in _event_names())
    return (
        f"{_HEAD}\n## Topics\n\n{_topics()}\n"
        f"Not on the record, because:\n\n{''.join(_reasons())}\n"
        f"## Dead letters\n\n{_dead_letters()}\n## Payloads\n\n{events}## Parts of payloads\n\n{parts}"
    ).rstrip("\n") + "\n"


def _event_names() -> set[str]:
    return {payload.__name__ for payload in payloads()}


def _topics() -> str:
    head = (
        "topic",
        "payloads",
        "key",
        "producer → consumers",
        "partitions",
        "kept",
        "sealed data",
        "audited",
    )
    return table(head, map(_topic, CATALOGUE))


def _topic(topic: Topic) -> tuple[str, ...]:
    readers = [
        *topic.consumers,
        *(f"{group} (rebuild only)" for group in topic.rebuild),
        *(f"{principal} (without a group)" for principal in topic.followers),
    ]
    return (
        f"`{topic.name}`",
        ", ".join(f"[{p.__name__}](#{p.__name__.lower()})" for p in topic.payloads),
        topic.key,
        f"{', '.join(topic.producers)} → {', '.join(readers) or 'anyone'}",
        "1" if topic.single else "as set up",
        _kept(topic),
        "yes" if topic.sealed else "no",
        "yes" if topic.audited is True else "no",
    )


def _reasons() -> Iterator[str]:
    for topic in CATALOGUE:
        if topic.audited is not True:
            yield f"- `{topic.name}`: {topic.audited}.\n"


def _dead_letters() -> str:
    return (
        f"{code(dead_letter_topic(group) for group in GROUPS)}: what a group could not read or handle, with\n"
        f"headers, length and digest, and the value where it is small and not sealed; kept {_duration(DEAD_LETTER_RETENTION)}. "
        f"Of records of topics with sealed data: {code(sealed_dead_letter_topic(group) for group in GROUPS)},\n"
        f"which hold pointers that bear the time of their records; kept {_duration(SEALED_DEAD_LETTER_RETENTION)}. "
        "[Operations](operations.md#dead-letters) says what to do with them.\n"
    )


def _kept(topic: Topic) -> str:
    if not topic.compacted:
        return _duration(topic.retention)
    return "latest per key" if topic.retention is None else f"latest per key, {_duration(topic.retention)}"


def _duration(span: timedelta | None) -> str:
    if span is None:
        return "for ever"
    years, rest = divmod(span.days, 365)
    return f"{span.days} days" if rest or years == 1 else f"{years} years"


def _event(payload: type[Payload], schema: Schema) -> str:
    topics = code(topic.name for topic in CATALOGUE if payload in topic.payloads)
    examples = f"../tests/golden/events/{event_type(payload).removeprefix('de.amtsweg.')}"
    return (
        f"### {payload.__name__}\n\n{_prose(schema)}\n\n"
        f"Type `{event_type(payload)}`, on {topics}; [examples]({examples}).\n\n{_fields(schema)}\n"
    )


def _part(name: str, schema: Schema) -> str:
    fields = _fields(schema) if "properties" in schema else f"{_type(schema)}\n"
    return f"### {name}\n\n{_prose(schema)}\n\n{fields}\n" if "description" in schema else ""


def _prose(schema: Schema) -> str:
    return cleandoc(str(schema["description"])).replace("``", "`")


def _fields(schema: Schema) -> str:
    required = schema.get("required", ())
    fields = schema["properties"].items()
    rows = [(f"`{name}`", _type(field), "yes" if name in required else "no") for name, field in fields]
    return table(("field", "type", "required"), rows)


def _type(schema: Any) -> str:
    if "$ref" in schema:
        return f"[{schema['$ref']}](#{schema['$ref'].lower()})"
    if "enum" in schema or "const" in schema:
        return code(map(str, schema.get("enum", [schema.get("const")])))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    text = str(schema.get("format") or schema.get("type"))
    limit = f", at most {schema['maxLength']} characters" if "maxLength" in schema else ""
    return f"{text} `{schema['pattern']}`" if "pattern" in schema else f"{text}{limit}"
