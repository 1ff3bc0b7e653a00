"""What `amtsweg case` says of a case: who holds it, what happened, what is due; one language, local time, names."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest

from amtsweg.case_file import CaseFile, HeldBy, document, text
from amtsweg.directory.folder import open_directory
from amtsweg.directory.names import DirectoryNames
from services.intake.ports import Known
from services.notifier.domain.clock import Timer
from shared.case_history.lines import HistoryLine
from tests.support.events import CASE_ID, GIESSEN, RECEIPT, RECEIVED_AT, SUBMISSION_ID

NAMES = DirectoryNames(open_directory(None))
FIRST = HistoryLine(
    event_id=uuid4(), case_id=CASE_ID, submission_id=SUBMISSION_ID, at=RECEIVED_AT, code="received"
)


def file(*codes: str, timers: tuple[Timer, ...] = ()) -> CaseFile:
    lines = [FIRST]
    for minutes, code in enumerate(codes, start=1):
        authority = None if code in {"parked", "message-sent"} else GIESSEN
        lines.append(
            replace(
                FIRST,
                event_id=uuid4(),
                code=code,
                at=RECEIVED_AT + timedelta(minutes=minutes),
                authority=authority,
            )
        )
    known = Known(submission_id=SUBMISSION_ID, case_id=CASE_ID, receipt=RECEIPT, lines=lines)
    return CaseFile(known=known, timers=timers)


@pytest.mark.parametrize(
    ("codes", "holder"),
    [
        ((), "amtsweg"),
        (("parked",), "clearing-desk"),
        (("parked", "routed"), "authority"),
        (("routed", "accepted", "message-sent"), "authority"),
        (("routed", "returned"), "amtsweg"),
        (("routed", "accepted", "granted"), "nobody"),
        (("routed", "erase-ordered"), "nobody"),
    ],
)
def test_it_says_who_has_to_act(codes: tuple[str, ...], holder: HeldBy) -> None:
    found, authority = file(*codes).holder
    assert found == holder
    assert authority == (GIESSEN if holder == "authority" else None)


def test_a_person_reads_names_and_local_time() -> None:
    due = Timer(
        case_id=CASE_ID, kind="ended", step=1, subject=date(2026, 4, 15), due_at=RECEIVED_AT + timedelta(90)
    )
    told = text(file("routed", timers=(due,)), NAMES, "de")
    assert "Liegt bei:      Magistrat der Stadt Gießen (g-06531005)" in told
    assert "Leistung:       Gewerbe Anmeldung (99050012104000)" in told
    assert "12.01.2026, 10:30:00 MEZ" in told
    assert "Die gesetzliche Frist endet am 15.04.2026" in told
    assert "12.04.2026, 11:30 MESZ" in told


def test_a_program_reads_keys_and_utc() -> None:
    told = document(file("routed"), NAMES, "en")
    assert told["receivedAt"] == "2026-01-12T09:30:00Z"
    assert told["holder"] == {
        "kind": "authority",
        "authority": {"id": GIESSEN, "name": "Magistrat der Stadt Gießen"},
    }
    assert [each["code"] for each in told["events"]] == ["received", "routed"]
    assert told["events"][1]["text"] == "Handed to the competent authority"


def test_a_language_is_kept_throughout() -> None:
    german, english = text(file("parked"), NAMES, "de"), text(file("parked"), NAMES, "en")
    assert "Klärungsstelle" in german
    assert "clearing desk" in english
    assert not {"Eingang", "Liegt", "Was", "Als", "MEZ"} & {
        word.strip(":") for line in english.splitlines() for word in line.split()
    }
