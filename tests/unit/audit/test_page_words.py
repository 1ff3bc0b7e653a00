"""Everything that can stand in the log has a schema in the evidence file and a word on the auditors' page."""

import re
from collections import Counter
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import BaseModel

import services.audit.app  # noqa: F401 - defines every payload that the service itself writes
from services.audit.adapters.http import page
from services.audit.adapters.http.page import verify
from services.audit.domain.schemas import payload_schemas
from shared.events.case import AnswerGiven
from shared.events.envelope import event_type
from shared.events.payload import Payload
from shared.events.submission import RouterReason
from shared.events.topics import audited

FILES = Path(page.__file__).parent / "files"
LOGGED = {event_type(payload) for topic in audited() for payload in topic.payloads} | {
    event_type(payload)
    for payload in Payload.__subclasses__()
    if payload.__module__.startswith("services.audit.")
}


def test_every_kind_of_entry_has_a_schema() -> None:
    assert set(payload_schemas()) == LOGGED


def test_every_kind_of_entry_has_a_word_on_the_page() -> None:
    words = (FILES / "words.js").read_text(encoding="utf-8")
    table = words[words.index("export const KINDS") : words.index("export const LANES")]
    named = {f"de.amtsweg.{kind}.v1" for kind in re.findall(r"^  (\w+): \[", table, re.MULTILINE)}
    assert named == LOGGED


def _values() -> dict[str, tuple[str, str]]:
    words = (FILES / "words.js").read_text(encoding="utf-8")
    table = words[words.index("const VALUES") : words.index("const RULES")]
    rows = re.findall(r'(?:^  |, )"?([a-z-]+)"?: \["([^"]+)", "([^"]+)"\]', table, re.MULTILINE)
    return {code: (german, english) for code, german, english in rows}


def _codes(annotation: object) -> set[str]:
    """Every code that a field of this type may hold."""
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    return {code for part in get_args(annotation) for code in _codes(part)}


def test_every_code_that_tells_events_of_one_kind_apart_has_a_word_on_the_page() -> None:
    payloads: list[type[BaseModel]] = [AnswerGiven]
    payloads += [each for topic in audited() for each in topic.payloads]
    fields = [
        field.annotation
        for payload in payloads
        for name, field in payload.model_fields.items()
        if name in {"kind", "channel", "outcome", "reason", "step"}
    ]
    codes = {code for annotation in fields for code in _codes(annotation)} | set(get_args(RouterReason))
    assert len(codes) > 70
    assert codes - _values().keys() == set()


def test_the_verifier_says_every_code_as_the_page_does() -> None:
    assert _values() == verify.VALUES


def test_the_verifier_says_which_message_it_was_and_what_became_of_it() -> None:
    payload = '{"data": {"kind": "decision", "channel": "email", "outcome": "sent", "messageId": "0"}}'
    assert verify.told(payload, 0) == ["Entscheidung liegt bereit", "E-Mail", "versandt"]
    assert verify.told(payload, 1) == ["decision available", "e-mail", "sent"]
    assert verify.told('{"data": {"kind": "\\u001b[2J", "answer": []}}', 0) == ["\\u001b[2J"]
    assert (verify.told('{"data": []}', 0), verify.told(None, 0)) == ([], [])


def test_the_verifier_calls_kinds_as_the_page_does() -> None:
    words = (FILES / "words.js").read_text(encoding="utf-8")
    table = words[words.index("export const KINDS") : words.index("export const LANES")]
    rows = re.findall(r'^  (\w+): \["\w+", "([^"]+)", "([^"]+)"\]', table, re.MULTILINE)
    called = {kind: (german, english) for kind, german, english in rows}
    assert len(called) == len(LOGGED)
    assert called == verify.KINDS


def test_every_word_that_the_page_asks_for_is_there_in_two_languages() -> None:
    words = (FILES / "words.js").read_text(encoding="utf-8")
    table = words[words.index("const WORDS") : words.index("export const KINDS")]
    known = set(re.findall(r'^  (\w+): \["[^"]+", "[^"]+"\],$', table, re.MULTILINE))
    assert [
        name for name, times in Counter(re.findall(r"^  (\w+): \[", table, re.MULTILINE)).items() if times > 1
    ] == []
    code = "".join(
        (FILES / name).read_text(encoding="utf-8")
        for name in ("app.js", "draw.js", "lists.js", "account.js", "report.js", "index.html")
    )
    asked = set(re.findall(r'\b(?:say|fact)\("(\w+)"|data-say="(\w+)"', code))
    assert {said or shown for said, shown in asked} - known == set()
