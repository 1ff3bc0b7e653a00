import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from aiokafka.errors import KafkaConnectionError
from typer.testing import CliRunner, Result

from amtsweg.resolve import answers, resolve
from services.router.adapters.directory_files import write
from services.router.domain.cases.decision_words import DecisionDocument, decision_document
from services.router.domain.directory.versions import Versions
from shared.events.competence import Place
from tests.support.directories import NORDMARK, TRADE, ask, nordmark_change
from tests.support.routing import hessen

pytestmark = pytest.mark.slow

GOOD = {"id": "a", "service": TRADE, "ags": "06531005", "on": "2026-03-01"}


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(resolve)
    return CliRunner().invoke(app, [*arguments, "--offline"])


def batch(tmp_path: Path, *lines: str) -> list[dict[str, Any]]:
    file = tmp_path / "inquiries.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return list(answers(file, directory=hessen()))


def test_one_inquiry_is_answered_in_the_language_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    inquiry = ("--service", TRADE, "--plz", "35390", "--town", "Gießen", "--on", "2026-03-01")
    assert "competent authority on 1 March 2026 is: Magistrat der Stadt Gießen." in run(*inquiry).stdout
    monkeypatch.setenv("AMTSWEG_LANG", "de")
    result = run(*inquiry)
    assert result.exit_code == 0
    assert "zuständig: Magistrat der Stadt Gießen." in result.stdout


def test_the_json_is_the_decision_with_words_for_its_codes() -> None:
    result = run("--service", TRADE, "--ags", "06531005", "--on", "2026-03-01", "--json")
    decision = ask(hessen(), TRADE, Place(ags="06531005"))
    assert DecisionDocument.model_validate_json(result.stdout) == decision_document(decision, "en")


def test_another_directory_can_be_asked() -> None:
    result = run(
        "--directory", str(NORDMARK), "--service", "99900000000001", "--ags", "01001000", "--on", "2026-01-01"
    )
    assert "Magistrat der Stadt Hafen" in result.stdout


def test_unverified_competence_can_be_parked() -> None:
    inquiry = ("--service", "99036008007000", "--ags", "06531005", "--on", "2026-03-01")
    assert "clearing desk" in run(*inquiry, "--unverified", "park").stdout


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--service", "1", "--ags", "06531005"), "service"),
        (("--service", TRADE, "--ags", "06531"), "ags"),
        (("--service", TRADE, "--town", "Gießen"), "town"),
        (("--service", TRADE, "--ags", "06531005", "--on", "2026-02-29"), "on"),
    ],
)
def test_a_field_that_cannot_be_read_ends_with_its_name(arguments: tuple[str, ...], field: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"amtsweg resolve: --{field}: ")


def test_a_broken_directory_ends_with_where(tmp_path: Path) -> None:
    result = run("--directory", str(tmp_path), "--service", TRADE)
    assert result.exit_code == 2
    assert "manifest.toml" in result.stderr


def test_a_batch_answers_every_line_in_order(tmp_path: Path) -> None:
    results = batch(tmp_path, json.dumps(GOOD), json.dumps({**GOOD, "id": 2, "ags": "06412000"}))
    assert [(result["id"], result["authority"]) for result in results] == [
        ("a", "g-06531005"),
        (2, "g-06412000"),
    ]


def test_a_batch_result_has_the_promised_fields(tmp_path: Path) -> None:
    assert batch(tmp_path, json.dumps({**GOOD, "ags": None, "plz": "34127"})) == [
        {
            "id": "a",
            "outcome": "parked",
            "authority": None,
            "reason": "ambiguous-place",
            "candidates": ["g-06611000", "g-06633009"],
            "rule": f"{TRADE}-1",
            "verified": False,
            "onBehalfOf": (),
            "dependsOn": None,
            "directoryVersion": hessen().version,
        }
    ]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("", "line"),
        ("   ", "line"),
        ("{", "line"),
        ("[]", "line"),
        (json.dumps({**GOOD, "ags": "0653100X"}), "ags"),
        (json.dumps({**GOOD, "on": "2026-02-30"}), "on"),
        (json.dumps({**GOOD, "ags": None, "town": "Gießen"}), "town"),
        (json.dumps({**GOOD, "service": None}), "service"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_answered(tmp_path: Path, line: str, field: str) -> None:
    first, second, third = batch(tmp_path, json.dumps(GOOD), line, json.dumps(GOOD))
    assert first == third
    assert first["authority"] == "g-06531005"
    assert second["outcome"] == "error"
    assert second["error"]["line"] == 2
    assert second["error"]["field"] == field
    assert second["error"]["message"].startswith(f"line 2, {field}")


def test_a_batch_with_a_bad_line_ends_with_one_and_prints_every_answer(tmp_path: Path) -> None:
    file = tmp_path / "inquiries.jsonl"
    file.write_text(f"{json.dumps(GOOD)}\n\n{json.dumps(GOOD)}\n", encoding="utf-8")
    result = run("--batch", str(file))
    assert result.exit_code == 1
    assert [json.loads(line)["outcome"] for line in result.stdout.splitlines()] == [
        "routed",
        "error",
        "routed",
    ]


HARBOUR = ("--service", "99900000000001", "--ags", "01001000", "--on", "2026-01-01", "--json")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two versions of Nordmark, as they are archived; and no Kafka."""
    monkeypatch.chdir(tmp_path)
    at = datetime(2026, 5, 1, tzinfo=UTC)
    one = Versions().followed_by(nordmark_change(effective_from=at), recorded_at=at)
    later = at + timedelta(hours=1)
    two = one.followed_by(nordmark_change(one, name="Hafenort", effective_from=later), recorded_at=at)
    for version in two.published:
        write(version, tmp_path / "archive" / version.id)
    return tmp_path / "archive"


def test_a_decision_is_repeated_with_the_version_it_was_made_with(archive: Path) -> None:
    for version in sorted(folder.name for folder in archive.iterdir()):
        result = run(*HARBOUR, "--as-of", version[:10], "--archive", str(archive))
        assert DecisionDocument.model_validate_json(result.stdout).directory_version == version


def test_a_batch_is_repeated_with_the_version_it_was_made_with(archive: Path, tmp_path: Path) -> None:
    version = max(folder.name for folder in archive.iterdir())
    file = tmp_path / "inquiries.jsonl"
    file.write_text(json.dumps({"service": HARBOUR[1], "ags": "01001000", "on": "2026-01-01"}))
    result = run("--batch", str(file), "--as-of", version, "--archive", str(archive))
    assert json.loads(result.stdout)["directoryVersion"] == version


def test_the_shipped_version_is_found_without_archive_and_without_kafka(archive: Path) -> None:
    version = hessen().version
    result = run("--service", TRADE, "--ags", "06531005", "--as-of", version, "--json")
    assert DecisionDocument.model_validate_json(result.stdout).directory_version == version


def test_an_unknown_version_is_answered_with_those_that_are_known(archive: Path) -> None:
    result = run(*HARBOUR, "--as-of", "00ff", "--archive", str(archive))
    assert result.exit_code == 2
    assert "00ff: no version begins so" in result.stderr
    assert all(folder.name in result.stderr for folder in archive.iterdir())
    assert hessen().version in result.stderr


def test_the_answer_says_which_directory_gave_it() -> None:
    result = run("--service", TRADE, "--ags", "06531005", "--on", "2026-03-01")
    assert f"{hessen().version[:12]}: " in result.stderr


@pytest.mark.usefixtures("socket_enabled")
def test_a_running_system_that_does_not_answer_is_named_and_so_is_the_way_without_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("none")
    monkeypatch.setenv("AMTSWEG_KAFKA__BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("AMTSWEG_KAFKA__SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("AMTSWEG_KAFKA__USERNAME", "operator")
    monkeypatch.setenv("AMTSWEG_KAFKA__PASSWORD_FILE", str(password))
    app = typer.Typer()
    app.command()(resolve)
    result = CliRunner().invoke(app, ["--service", TRADE, "--ags", "06531005"])
    assert isinstance(result.exception, KafkaConnectionError)  # which the command names with its address
    assert "--offline" in result.stderr
