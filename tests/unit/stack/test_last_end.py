"""Why the last stack ended by itself: noted by a process of one language, told to somebody of another."""

from pathlib import Path

import pytest

from amtsweg.language import LANGUAGE_VARIABLE, CommandLanguage
from amtsweg.stack.errors import StackError
from amtsweg.stack.kafka import Kafka
from amtsweg.stack.status_command import why_nothing_runs
from amtsweg.stack.supervisor import note_end
from tests.support.languages import foreign

LANGUAGES: tuple[CommandLanguage, ...] = ("de", "en")


@pytest.mark.parametrize("asks", LANGUAGES)
@pytest.mark.parametrize("notes", LANGUAGES)
def test_the_end_of_a_stack_is_told_in_the_language_of_the_call(
    notes: CommandLanguage, asks: CommandLanguage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Kafka(tmp_path, port=1, controller_port=2)
    broker.log.parent.mkdir(parents=True)
    broker.log.write_text("the end")
    monkeypatch.setenv(LANGUAGE_VARIABLE, notes)
    note_end(tmp_path, broker.ended(times=3))
    monkeypatch.setenv(LANGUAGE_VARIABLE, asks)

    told = why_nothing_runs(tmp_path, [])
    assert {"de": "kafka endete beim Start 3-mal", "en": "kafka ended 3 times at start"}[asks] in told
    assert not foreign(told, spoken=asks), told


@pytest.mark.parametrize(("asks", "told"), [("de", "Port 9092 ist belegt"), ("en", "it failed.")])
def test_a_reason_that_is_known_in_one_language_is_not_quoted_in_the_other(
    asks: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LANGUAGE_VARIABLE, "de")
    note_end(tmp_path, StackError("Port 9092 ist belegt\nsiehe log"))
    monkeypatch.setenv(LANGUAGE_VARIABLE, asks)
    assert told in why_nothing_runs(tmp_path, [])
