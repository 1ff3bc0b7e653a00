from typing import cast

import pytest
import typer

from amtsweg.dead_letters import Letter, LetterName, facts
from shared.kafka.dead_letters import dead_letter, origin
from shared.kafka.records import Record

SECRET = "Erika Mustermann"


def letter(*headers: tuple[str, bytes], value: bytes | None = SECRET.encode()) -> Letter:
    came = Record("case.answered.v1", 0, 7, 0, b"case", value, headers)
    set_aside = dead_letter(
        came, to="router.dead-letter.v1", kind="undecodable", reason="header ce_id: is missing"
    )
    lies = Record(set_aside.topic, 0, 3, 0, set_aside.key, set_aside.value, set_aside.headers)
    return Letter(LetterName("router", 3), lies, origin(lies.headers))


def test_a_dead_letter_shows_where_it_came_from_and_why() -> None:
    shown = facts(letter(("ce_type", b"de.amtsweg.CaseAnswered.v1")))

    assert shown["Nummer"] == "router:3"
    assert shown["Herkunft"] == "case.answered.v1, Partition 0, Offset 7"
    assert shown["Grund"] == "header ce_id: is missing"
    assert shown["ce_type"] == "de.amtsweg.CaseAnswered.v1"


def test_a_dead_letter_never_shows_what_a_sender_wrote_freely() -> None:
    shown = facts(letter(("ce_id", SECRET.encode()), (SECRET, b"x"), ("note", SECRET.encode())))

    assert SECRET not in str(shown)
    assert shown["ce_id"] == "16 Bytes"
    assert shown["Weitere"] == "2 Kopfzeilen"


def test_a_header_without_a_value_is_shown_as_such() -> None:
    assert facts(letter(("ce_id", cast("bytes", None))))["ce_id"] == "ohne Wert"


def test_a_dead_letter_without_a_value_says_so() -> None:
    assert facts(letter(value=None))["Inhalt"] == "keiner"


@pytest.mark.parametrize("text", ["router", "router:x", "stranger:1", ":1", "router:-1"])
def test_a_name_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(typer.Exit):
        LetterName.parse(text)


def test_a_name_reads_as_it_is_written() -> None:
    assert LetterName.parse("router:17") == LetterName("router", 17)
    assert str(LetterName("router", 17)) == "router:17"
