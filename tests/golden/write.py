"""Writes tests/golden/events/: a record of every kind that must be read, and records that must be refused.

    python -m tests.golden.write

Refusals are made from the first valid record of a type by one change each, and carry the error expected.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.events.envelope import encode, event_type
from shared.events.payload import Payload
from shared.events.topics import CATALOGUE
from tests.golden.examples import EXAMPLES
from tests.support.events import event

FOLDER = Path(__file__).parent / "events"

Record = dict[str, Any]
"""``headers`` and ``key`` as text; ``value`` as JSON, or ``text`` where the value is not JSON; ``error``."""


def files() -> dict[str, str]:
    """Every golden file: its path below FOLDER and its text."""
    records: dict[str, Record] = {}
    for payload in payloads():
        folder = event_type(payload).removeprefix("de.amtsweg.")
        valid = [_record(name, data) for name, data in EXAMPLES.items() if type(data) is payload]
        for name, record in valid:
            records[f"{folder}/valid-{name.partition('/')[2]}.json"] = record
        for name, record in _refused(payload, valid[0][1]):
            records[f"{folder}/refused-{name}.json"] = record
    return {path: json.dumps(r, indent=2, ensure_ascii=False) + "\n" for path, r in records.items()}


def payloads() -> tuple[type[Payload], ...]:
    """Every payload of the catalogue, once."""
    return tuple(dict.fromkeys(payload for topic in CATALOGUE for payload in topic.payloads))


def _record(name: str, data: Payload) -> tuple[str, Record]:
    topic = next(t for t in CATALOGUE if type(data) in t.payloads)
    message = encode(event(data), topic.name)
    return name, {
        "headers": {header: value.decode() for header, value in message.headers},
        "key": message.key.decode(),
        "value": json.loads(data.to_json()),
    }


def _refused(payload: type[Payload], valid: Record) -> Iterator[tuple[str, Record]]:
    name, headers, value = payload.__name__, valid["headers"], valid["value"]
    yield "without-value", {**valid, "value": None, "error": _NO_VALUE}
    yield "not-json", {**_without(valid, "value"), "text": "{", "error": f"{name}: not valid at document"}
    yield "not-an-object", {**valid, "value": [value], "error": f"{name}: not valid at document"}
    for field in _required(payload):
        error = f"{name}: not valid at {field}"
        yield f"without-{field}", {**valid, "value": _without(value, field), "error": error}
        wrong = "?" if isinstance(value[field], int) else True
        yield f"malformed-{field}", {**valid, "value": {**value, field: wrong}, "error": error}
    yield (
        "without-type",
        {**valid, "headers": _without(headers, "ce_type"), "error": "header ce_type is missing"},
    )


_NO_VALUE = "the record has no value; expected the JSON of an event"


def _required(payload: type[Payload]) -> list[str]:
    return [field.alias or name for name, field in payload.model_fields.items() if field.is_required()]


def _without(record: Record, field: str) -> Record:
    return {name: value for name, value in record.items() if name != field}


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    for path, text in files().items():
        file = FOLDER / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
