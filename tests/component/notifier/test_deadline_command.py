import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from httpx import ASGITransport, AsyncClient, Response
from typer.testing import CliRunner, Result

from amtsweg.__main__ import COMMANDS
from amtsweg.deadline import deadline, deadlines
from amtsweg.directory.folder import shipped
from services.notifier.adapters.http.deadlines import EXPECTED_DE, add_deadlines
from services.notifier.domain.deadlines.inquiry import FIELDS
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app
from tests.support.law import FICTION, hessian_law

GOOD = {"id": "a", "profile": FICTION, "receivedAt": "2026-01-12T09:30:00+01:00", "via": "single-contact"}
KEYS = {"id", "deemedReceived", "rawEnd", "periodEnds", "fictionFrom", "lastSafeDispatch"}


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(deadline)
    return CliRunner().invoke(app, list(arguments))


def batch(tmp_path: Path, *lines: str | bytes) -> list[dict[str, Any]]:
    file = tmp_path / "receipts.jsonl"
    file.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines))
    return list(deadlines(file, hessian_law()))


def test_each_step_is_explained_with_its_paragraph() -> None:
    result = run("--service", "99050023005000", "--received", "2025-12-31")
    assert result.exit_code == 0
    assert "Karfreitag" in result.stdout
    assert "§ 71b Abs. 2 VwVfG" in result.stdout
    assert "Dienstag, 7. April 2026" in result.stdout


def test_each_step_is_explained_in_the_language_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMTSWEG_LANG", "en")
    result = run("--service", "99050023005000", "--received", "2025-12-31", "--extended-by-months", "2")
    assert (
        "At the authority it counts as received on the third day after: Saturday, 3 January 2026"
        in result.stdout
    )
    assert "Extended by two months" in result.stdout
    assert "Tuesday" in result.stdout
    assert "Dienstag" not in result.stdout


def test_a_line_of_a_batch_has_exactly_the_agreed_members(tmp_path: Path) -> None:
    [found] = batch(tmp_path, json.dumps(GOOD))
    assert set(found) == KEYS
    assert found["fictionFrom"] == "2026-04-16"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("", "line"),
        ("{", "line"),
        ("[]", "line"),
        (b"\xff\xfe", "line"),
        ('{"id": "a"}', "service"),
        (json.dumps({**GOOD, "service": "99050023005000"}), "service"),
        (json.dumps({**GOOD, "profile": "no-such-profile"}), "profile"),
        (json.dumps({**GOOD, "profile": 3}), "profile"),
        (json.dumps({**GOOD, "receivedAt": "2026-02-29"}), "receivedAt"),
        (json.dumps({**GOOD, "receivedAt": "12.01.2026"}), "receivedAt"),
        (json.dumps({**GOOD, "receivedAt": "9999-12-31"}), "receivedAt"),
        (json.dumps({**GOOD, "receivedAt": "2100-12-31"}), "receivedAt"),
        (json.dumps({**GOOD, "receivedAt": "0001-01-01T00:00:00+14:00"}), "receivedAt"),
        (json.dumps({**GOOD, "receivedAt": None}), "receivedAt"),
        (json.dumps({**GOOD, "receivedAt": 20260112}), "receivedAt"),
        (json.dumps({**GOOD, "via": "post"}), "via"),
        (json.dumps({**GOOD, "supplementsReceivedAt": "2025-01-12"}), "supplementsReceivedAt"),
        (json.dumps({**GOOD, "extendedByMonths": -1}), "extendedByMonths"),
        (json.dumps({**GOOD, "extendedByMonths": True}), "extendedByMonths"),
        (json.dumps({**GOOD, "extendedByMonths": 1e9}), "extendedByMonths"),
        (
            json.dumps({**GOOD, "profile": "three-days-confirmation", "extendedByMonths": 1}),
            "extendedByMonths",
        ),
        (json.dumps({"receivedAt": "2026-01-12", "service": "99999999999999"}), "service"),
    ],
)
def test_a_bad_line_is_an_error_with_line_and_field(tmp_path: Path, line: str | bytes, field: str) -> None:
    first, found = batch(tmp_path, json.dumps(GOOD), line)
    assert set(first) == KEYS
    assert (found["error"]["line"], found["error"]["field"]) == (2, field)


def test_a_batch_with_a_bad_line_ends_with_1_and_answers_the_others(tmp_path: Path) -> None:
    file = tmp_path / "receipts.jsonl"
    file.write_text(f"{json.dumps(GOOD)}\nnonsense\n{json.dumps(GOOD)}\n")
    result = run("--batch", str(file))
    assert result.exit_code == 1
    assert ["error" in json.loads(line) for line in result.stdout.splitlines()] == [False, True, False]


def test_a_question_that_cannot_be_read_ends_with_2() -> None:
    result = run("--profile", FICTION, "--received", "yesterday")
    assert result.exit_code == 2
    assert "--received: " in result.stderr


def test_a_holiday_of_an_ordinance_moves_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "hessen"
    shutil.copytree(shipped() / "law", folder / "law")
    with (folder / "law" / "holidays.csv").open("a", encoding="utf-8") as table:
        table.write("2026-04-15,holiday,Gedenktag,Verordnung\n")
    question = ("--profile", FICTION, "--received", "2026-01-12", "--json", "--directory", str(folder))
    assert json.loads(run(*question).stdout)["periodEnds"] == "2026-04-16"


async def ask(**asked: str) -> Response:
    app = create_app(title="t", version="1", health=Health(), telemetry=Telemetry(), body_limit=1024)
    add_deadlines(app, law=hessian_law())
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://notifier") as client:
        return await client.get("/v1/deadlines", params=asked)


async def test_the_command_and_the_door_give_the_same_object() -> None:
    received = "2026-01-12T09:30:00+01:00"
    answer = await ask(profile=FICTION, receivedAt=received, extendedByMonths="1")
    command = ("--profile", FICTION, "--received", received, "--extended-by-months", "1", "--json")
    assert answer.status_code == 200
    assert answer.json() == json.loads(run(*command).stdout)
    sent = await ask(
        profile=FICTION, receivedAt=received, extendedByMonths="1", sentAt="2026-05-15", sentBy="portal"
    )
    assert sent.json() == json.loads(run(*command, "--sent", "2026-05-15", "--sent-by", "portal").stdout)
    assert sent.json()["announcedOn"] is None


def test_a_dispatch_in_a_batch_has_its_announcement_too(tmp_path: Path) -> None:
    sent = {**GOOD, "sentAt": "2026-04-04", "sentBy": "portal", "retrievedAt": "2026-04-05"}
    [found] = batch(tmp_path, json.dumps(sent))
    assert set(found) == KEYS | {"announcedOn", "inTime", "remedyUntil"}
    assert (found["announcedOn"], found["inTime"], found["remedyUntil"]) == ("2026-04-06", True, "2026-05-06")


async def test_the_door_says_which_parameter_is_wrong() -> None:
    answer = await ask(profile=FICTION, receivedAt="soon")
    assert answer.status_code == 422
    assert answer.json()["resolution"] == "Den Parameter receivedAt berichtigen."


def test_the_commands_are_parts_of_amtsweg() -> None:
    assert COMMANDS["deadline"] == "amtsweg.deadline:deadline"
    assert COMMANDS["messages"] == "amtsweg.messages:commands"


async def test_the_door_says_in_german_too_what_each_parameter_should_hold() -> None:
    assert set(EXPECTED_DE) == set(FIELDS)
    answer = await ask(profile=FICTION, receivedAt="2026-04-01", sentAt="2026-04-04", sentBy="pigeon")
    assert answer.json()["detail"].startswith("sentBy: erwartet wird eines von letter, letter-abroad")
