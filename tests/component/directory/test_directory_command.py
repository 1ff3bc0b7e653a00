import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from amtsweg.directory import commands
from services.router.adapters.directory_files import load
from tests.support.directories import NORDMARK, hessen_changed
from tests.support.routing import HESSEN

pytestmark = pytest.mark.slow

BEACON = "99900000000002"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, list(arguments))


@pytest.fixture
def change(tmp_path: Path) -> Path:
    """The one table of Nordmark that changes: the threshold falls."""
    text = (NORDMARK / "competences.csv").read_text(encoding="utf-8")
    (tmp_path / "competences.csv").write_text(text.replace("above:7500", "above:5000"), encoding="utf-8")
    return tmp_path


def test_a_check_counts_the_answers() -> None:
    result = run("check", "--directory", str(NORDMARK))
    assert result.exit_code == 0
    assert "37  routed" in result.stdout


def test_a_check_of_a_broken_directory_says_where(tmp_path: Path) -> None:
    result = run("check", "--directory", str(tmp_path))
    assert result.exit_code == 2
    assert "manifest.toml: cannot be read" in result.stderr


def test_a_preview_names_the_submissions_that_would_be_diverted(change: Path) -> None:
    result = run("preview", str(change), "--directory", str(NORDMARK))
    assert f"{BEACON}: k-01051 -> g-01051001 ever since: Deich" in result.stdout


def test_a_preview_counts_recorded_inquiries_that_would_be_answered_differently(change: Path) -> None:
    recorded = change / "recorded.jsonl"
    lines = [{"service": BEACON, "ags": ags, "on": "2029-01-01"} for ags in ("01051001", "01001000")]
    recorded.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    result = run("preview", str(change), "--directory", str(NORDMARK), "--recorded", str(recorded))
    assert f"{BEACON}: k-01051 -> g-01051001: 1 past submissions, received 2029-01-01" in result.stdout
    assert result.stdout.endswith("2 changes in the grid, 1 past submissions answered differently\n")


def test_a_preview_names_authorities_that_have_to_be_connected_first(tmp_path: Path) -> None:
    text = (NORDMARK / "authorities.csv").read_text(encoding="utf-8")
    newcomer = "land-leuchtturm,land,Leuchtturmamt,Hafen,,,,erfunden,yes\n"
    (tmp_path / "authorities.csv").write_text(text + newcomer, encoding="utf-8")
    result = run("preview", str(tmp_path), "--directory", str(NORDMARK))
    assert "land-leuchtturm is new: provision it first" in result.stdout


def test_a_preview_names_postcodes_that_lead_nowhere_any_more(tmp_path: Path) -> None:
    text = (NORDMARK / "postcodes.csv").read_text(encoding="utf-8")
    kept = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("24900,"))
    (tmp_path / "postcodes.csv").write_text(kept, encoding="utf-8")
    result = run("preview", str(tmp_path), "--directory", str(NORDMARK))
    assert "24900 leads nowhere any more; until now: Hafen" in result.stdout, result.stderr


def test_a_preview_refuses_a_change_that_breaks_the_directory(change: Path) -> None:
    text = (change / "competences.csv").read_text(encoding="utf-8")
    (change / "competences.csv").write_text(text.replace("2027-12-31", "2027-12-30"), encoding="utf-8")
    result = run("preview", str(change), "--directory", str(NORDMARK))
    assert result.exit_code == 2
    assert "says nothing on the days 2027-12-31..2027-12-31" in result.stderr


def test_a_preview_without_a_changed_table_is_refused(tmp_path: Path) -> None:
    assert run("preview", str(tmp_path), "--directory", str(NORDMARK)).exit_code == 2


def test_a_recorded_line_that_cannot_be_read_is_named(change: Path) -> None:
    recorded = change / "recorded.jsonl"
    recorded.write_text(json.dumps({"service": BEACON, "ags": "0105"}), encoding="utf-8")
    result = run("preview", str(change), "--directory", str(NORDMARK), "--recorded", str(recorded))
    assert result.exit_code == 2
    assert "line 1, ags" in result.stderr


def test_a_diff_shows_versions_and_lines(tmp_path: Path) -> None:
    for file in filter(Path.is_file, HESSEN.iterdir()):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    texts = hessen_changed("populations", ",7518,", ",7400,")
    (tmp_path / "populations.csv").write_text(texts["populations"], encoding="utf-8")
    result = run("diff", str(HESSEN), str(tmp_path))
    assert result.stdout.splitlines()[:3] == [load(HESSEN).version, load(tmp_path).version, "populations:"]
    assert "  - 06635001,2023-01-01,,7518," in result.stdout
    assert "  + 06635001,2023-01-01,,7400," in result.stdout


@pytest.mark.parametrize("instant", ["soon", "2026-03-01", "2026-03-01T02:15:00"])
def test_an_instant_without_offset_is_refused(change: Path, instant: str) -> None:
    result = run("apply", str(change), "--effective-from", instant, "--reason", "erfunden")
    assert result.exit_code == 2
    assert "expected an instant with its offset" in result.stderr


def test_without_a_kafka_address_the_command_says_how_to_give_it(
    change: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("preview", str(change))
    assert result.exit_code == 2
    assert "AMTSWEG_KAFKA__BOOTSTRAP" in result.stderr


@pytest.mark.parametrize(("name", "begins"), [("map.svg", "<svg "), ("map.html", "<!doctype html>")])
def test_a_map_is_written_in_the_form_its_name_asks_for(tmp_path: Path, name: str, begins: str) -> None:
    service = ("--service", "99050031012000", "--on", "2026-03-01")
    result = run("map", *service, "--output", str(tmp_path / name))
    assert result.exit_code == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


def test_a_map_without_a_place_to_go_lies_below_var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("map", "--service", "99108001001000", "--on", "2026-03-01", "--road", "federal")
    written = result.stdout.split()
    assert written == ["var/map-99108001001000-2026-03-01.svg", "var/map-99108001001000-2026-03-01.html"]
    assert all(Path(file).exists() for file in written)


def test_a_map_of_a_malformed_key_is_refused() -> None:
    result = run("map", "--service", "9910800100100", "--on", "2026-03-01")
    assert (result.exit_code, result.stderr) == (
        2,
        "amtsweg directory: --service: expected a LeiKa key: 14 digits\n",
    )
