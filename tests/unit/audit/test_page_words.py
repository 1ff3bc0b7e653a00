"""Everything that can stand in the log has a schema in the evidence file and a word on the auditors' page."""

import re
from collections import Counter
from pathlib import Path
from typing import get_args

import services.audit.app  # noqa: F401 - defines every payload that the service itself writes
from services.audit.adapters.http import page
from services.audit.adapters.http.page import verify
from services.audit.domain.schemas import payload_schemas
from shared.events.envelope import event_type
from shared.events.notification import FailureReason, MessageKind, Settlement
from shared.events.payload import Payload
from shared.events.submission import Channel
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


def test_what_a_message_tells_how_and_with_what_outcome_has_a_word_on_the_page() -> None:
    words = (FILES / "words.js").read_text(encoding="utf-8")
    table = words[words.index("const VALUES") : words.index("const RULES")]
    known = set(re.findall(r'(?:^  |, )"?([a-z-]+)"?: \["[^"]+", "[^"]+"\]', table, re.MULTILINE))
    values = {each for kind in (MessageKind, Channel, Settlement, FailureReason) for each in get_args(kind)}
    assert values - known == set()


def test_the_verifier_calls_kinds_as_the_page_does() -> None:
    words = (FILES / "words.js").read_text(encoding="utf-8")
    table = words[words.index("export const KINDS") : words.index("export const LANES")]
    rows = re.findall(r'^  (\w+): \["\w+", "([^"]+)", "([^"]+)"\]', table, re.MULTILINE)
    called = {kind: (german, english) for kind, german, english in rows}
    assert len(verify.KINDS) > 20
    assert {kind: called[kind] for kind in verify.KINDS} == verify.KINDS


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
