"""The golden files are the contract in bytes: what must be read is read, what must be refused is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.events.envelope import Undecodable, decode, encode, event_type
from shared.events.payload import Payload
from shared.events.topics import CATALOGUE
from tests.golden.write import FOLDER, files, payloads

RECORDS = sorted(FOLDER.glob("*/*.json"))
TYPES = {event_type(payload).removeprefix("de.amtsweg."): payload for payload in payloads()}


def _named(paths: list[Path]) -> list[Any]:
    return [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in paths]


def _raw(record: dict[str, Any]) -> tuple[bytes | None, tuple[tuple[str, bytes], ...]]:
    headers = tuple((name, text.encode()) for name, text in record["headers"].items())
    if "text" in record:
        return record["text"].encode(), headers
    if record["value"] is None:
        return None, headers
    return json.dumps(record["value"], separators=(",", ":"), ensure_ascii=False).encode(), headers


def _payload(path: Path) -> type[Payload]:
    return TYPES[path.parent.name]


@pytest.mark.parametrize("path", _named([path for path in RECORDS if path.name.startswith("valid-")]))
def test_a_valid_record_is_read_and_written_back_byte_for_byte(path: Path) -> None:
    record = json.loads(path.read_text(encoding="utf-8"))
    value, headers = _raw(record)
    topic = next(topic for topic in CATALOGUE if _payload(path) in topic.payloads)
    read = decode(value, headers, topic.payloads)
    message = encode(read, topic.name)
    assert type(read.data) is _payload(path)
    assert (message.key.decode(), message.value, message.headers) == (record["key"], value, headers)


@pytest.mark.parametrize("path", _named([path for path in RECORDS if path.name.startswith("refused-")]))
def test_a_refused_record_is_undecodable_with_the_error_on_file(path: Path) -> None:
    record = json.loads(path.read_text(encoding="utf-8"))
    with pytest.raises(Undecodable) as refused:
        decode(*_raw(record), [_payload(path)])
    assert str(refused.value) == record["error"]


def test_the_files_are_what_the_script_writes() -> None:
    on_disk = {f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8") for path in RECORDS}
    assert on_disk == files(), "run make docs"


def test_nothing_but_records_lies_in_the_golden_folder() -> None:
    strays = {path for path in FOLDER.rglob("*") if path.is_file()} - set(RECORDS)
    assert strays == set()


@pytest.mark.parametrize("folder", sorted(TYPES))
def test_every_payload_of_the_catalogue_has_valid_and_refused_records(folder: str) -> None:
    names = [path.name for path in RECORDS if path.parent.name == folder]
    assert any(name.startswith("valid-") for name in names)
    assert sum(name.startswith("refused-") for name in names) >= 3
    assert all(name.startswith(("valid-", "refused-")) for name in names)
