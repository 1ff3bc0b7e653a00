import io
from dataclasses import replace
from typing import cast

import pytest
import typer
from rich.console import Console

from amtsweg.dead_letter_list import Letter, chosen, document, facts, letter_table
from services.router.adapters.http.console.documents import letter_document
from services.router.domain.cases.letter import OpenLetter
from shared.events.operation import RecordPlace
from shared.kafka.dead_letters import dead_letter, origin
from shared.kafka.records import Record

SECRET = "Erika Mustermann"


def letter(
    *headers: tuple[str, bytes],
    value: bytes | None = SECRET.encode(),
    reason: str = "header ce_id is missing",
    place: int = 7,
) -> Letter:
    came = Record("case.answered.v1", 0, place, 0, b"case", value, headers)
    set_aside = dead_letter(came, to="router.dead-letter.v1", kind="undecodable", reason=reason)
    lies = Record(set_aside.topic, 0, 3, 0, set_aside.key, set_aside.value, set_aside.headers)
    return Letter("router:3", lies, origin(lies.headers))


def test_a_dead_letter_shows_where_it_came_from_and_why() -> None:
    shown = facts(letter(("ce_type", b"de.amtsweg.CaseAnswered.v1")), {})

    assert shown["Nummer"] == "router:3"
    assert shown["Herkunft"] == "case.answered.v1, Partition 0, Offset 7"
    assert shown["Grund"] == "Kopfzeile ce_id fehlt"
    assert shown["ce_type"] == "de.amtsweg.CaseAnswered.v1"


def test_the_reason_is_told_in_the_language_of_the_call_and_to_programs_also_as_it_was_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of_today, of_another_release = letter(), letter(reason="ce_id went missing")
    assert document(of_today, {})["reason"] == "header ce_id is missing"
    assert document(of_today, {})["reasonText"] == "Kopfzeile ce_id fehlt"
    assert facts(of_another_release, {})["Grund"] == "Technische Angabe: ce_id went missing"
    monkeypatch.setenv("AMTSWEG_LANG", "en")
    assert facts(of_today, {})["Reason"] == "header ce_id is missing"
    assert facts(of_another_release, {})["Reason"] == "Technical text: ce_id went missing"


def test_the_console_gets_the_reason_in_both_languages() -> None:
    shown = letter_document(
        OpenLetter(
            name="router:3",
            group="router",
            place=RecordPlace(topic="case.answered.v1", partition=0, offset=7),
            kind="internal-error",
            reason="follows a dead letter of its case",
            attempts=1,
            since_ms=0,
            length=9,
            digest="",
            case=None,
            software="1",
        )
    )
    assert shown.why.de == "folgt auf einen Dead Letter desselben Vorgangs"
    assert shown.why.en == shown.reason


def test_a_dead_letter_never_shows_what_a_sender_wrote_freely() -> None:
    shown = facts(letter(("ce_id", SECRET.encode()), (SECRET, b"x"), ("note", SECRET.encode())), {})

    assert SECRET not in str(shown)
    assert shown["ce_id"] == "16 Bytes"
    assert shown["Weitere"] == "2 Kopfzeilen"


def test_a_header_without_a_value_is_shown_as_such() -> None:
    assert facts(letter(("ce_id", cast("bytes", None))), {})["ce_id"] == "ohne Wert"


def test_a_letter_whose_record_has_expired_says_what_is_left() -> None:
    there, gone = letter(), replace(letter(), gone=True)

    assert (document(there, {})["recordGone"], document(there, {})["possible"]) == (
        False,
        ["replay", "close"],
    )
    assert (document(gone, {})["recordGone"], document(gone, {})["possible"]) == (True, ["close"])
    assert facts(gone, {})["Möglich"].startswith("nur aufgeben")


def test_a_dead_letter_without_a_value_says_so() -> None:
    assert facts(letter(value=None), {})["Inhalt"] == "keiner"


def test_one_record_that_several_groups_set_aside_is_one_row_that_names_all_its_letters() -> None:
    at_router, other = letter(), replace(letter(place=9), name="intake:5")
    at_intake = replace(letter(reason="header ce_type is missing"), name="intake:s4")
    waiting = {each.name: each for each in (at_intake, other, at_router)}

    printed = io.StringIO()
    Console(file=printed, width=200).print(table := letter_table(waiting))

    assert table.row_count == 2
    assert list(table.columns[0].cells) == ["intake:s4\nrouter:3", "intake:5"]
    assert str(next(iter(table.columns[4].cells))).splitlines() == [
        "intake: Kopfzeile ce_type fehlt",
        "router: Kopfzeile ce_id fehlt",
    ]
    assert printed.getvalue().count("case.answered.v1/0/7") == 1
    assert document(at_router, waiting)["sameRecord"] == ["intake:s4"]
    assert facts(at_router, waiting)["Derselbe Datensatz"] == "intake:s4"
    assert "Derselbe Datensatz" not in facts(other, waiting)


@pytest.mark.parametrize(
    "text",
    [
        "router",
        "router:x",
        "stranger:1",
        ":1",
        "router:-1",
        "router:4",
        "stranger:case.answered.v1/0/7",
        "router:case.answered.v1/0",
    ],
)
def test_an_invalid_name_is_refused(text: str) -> None:
    with pytest.raises(typer.Exit):
        chosen({"router:3": letter()}, [text])


def test_a_letter_is_named_by_its_number_or_by_its_origin() -> None:
    by_number, by_origin = chosen({"router:3": letter()}, ["router:3", "router:case.answered.v1/0/7"])

    assert (by_number.group, by_number.place) == (by_origin.group, by_origin.place)


def test_a_letter_that_has_expired_is_still_named_by_its_origin() -> None:
    (lost,) = chosen({}, ["notifier:submission.received.v1/3/17"])

    assert (lost.group, str(lost.place)) == ("notifier", "submission.received.v1/3/17")
