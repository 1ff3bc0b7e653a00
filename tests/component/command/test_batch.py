"""Hostile rows in the batches of `deadline` and `resolve`: each gets its error, the others are answered."""

import errno
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from amtsweg.__main__ import build
from amtsweg.batch import LONGEST_ROW, rows
from amtsweg.deadline import deadlines
from amtsweg.resolve import answers
from tests.support.directories import TRADE
from tests.support.law import FICTION, hessian_law
from tests.support.routing import hessen

Batch = Callable[[Path], Iterator[dict[str, Any]]]

RECEIPT = {"id": "good", "profile": FICTION, "receivedAt": "2026-01-12", "via": "single-contact"}
INQUIRY = {"id": "good", "service": TRADE, "plz": "35390", "town": "Gießen", "on": "2026-03-01"}

NO_ROW = {
    "empty": b"",
    "blank": b" \t ",
    "NUL": b"\x00\x00",
    "NUL in a text": b'{"id": "a\x00"}',
    "not UTF-8": b"\xff\xfe{\x00}\x00",
    "semicolons": b"id;service;receivedAt",
    "a list": b"[]",
    "null": b"null",
    "no number": b"NaN",
    "endless": b"1e999",
    "deep": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "a mark in the middle": b"\xef\xbb\xbf{}",
    "over-long": b'{"id": "' + b"x" * LONGEST_ROW + b'"}',
    "over-long, many times": b'{"id": "' + b"x" * 9 * LONGEST_ROW + b'"}',
}


UNLIKE = {
    "a member twice": (b'"plz": "35390", "plz": "35391"', "plz"),
    "a member twice with one value": (b'"id": 1, "id": 1', "id"),
    "a member twice, deeper": (b'"attributes": {"road": "land", "road": "federal"}', "attributes"),
    "half a surrogate": (b'"id": "\\ud800"', "id"),
    "a number that is rounded": (b'"extendedByMonths": 0.1000000000000000055', "extendedByMonths"),
    "a number beyond all": (b'"extendedByMonths": 1e999', "extendedByMonths"),
    "a member that is spelt wrong": (b'"recievedAt": "2026-01-12"', "recievedAt"),
    "a member in other letters": (b'"Service": "1"', "Service"),
    "a member without a name": (b'"": 1', ""),
    "a member that rings": (b'"\\u0007\\u001b[31m": 1', "\N{REPLACEMENT CHARACTER}" * 2 + "[31m"),
    "an endless name": (b'"' + b"x" * 60_000 + b'": 1', "x" * 64),
}
"""Members that readers would understand differently, or that nobody asks for; and the field that the error names."""


def _deadlines(path: Path) -> Iterator[dict[str, Any]]:
    return deadlines(path, hessian_law())


def _answers(path: Path) -> Iterator[dict[str, Any]]:
    return answers(path, directory=hessen())


BATCHES = [
    pytest.param(_deadlines, RECEIPT, id="deadline"),
    pytest.param(_answers, INQUIRY, id="resolve", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("batch", "good"), BATCHES)
def test_a_row_that_is_none_gets_its_error_and_the_others_are_answered(
    tmp_path: Path, batch: Batch, good: dict[str, Any]
) -> None:
    row = json.dumps(good).encode()
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"".join(row + b"\n" + bad + b"\n" for bad in NO_ROW.values()) + row)
    found = list(batch(file))
    assert len(found) == 2 * len(NO_ROW) + 1
    assert all(each == found[0] and "error" not in each for each in found[::2])
    problems = {name: each["error"] for name, each in zip(NO_ROW, found[1::2], strict=True)}
    assert {name: problem["field"] for name, problem in problems.items()} == dict.fromkeys(NO_ROW, "line")
    assert [problem["line"] for problem in problems.values()] == list(range(2, 2 * len(NO_ROW) + 1, 2))


@pytest.mark.parametrize(("batch", "good"), BATCHES)
def test_a_member_that_is_there_twice_or_unknown_is_named_and_the_other_rows_are_answered(
    tmp_path: Path, batch: Batch, good: dict[str, Any]
) -> None:
    row = json.dumps(good).encode()
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"".join(row + b"\n{" + bad + b"}\n" for bad, _ in UNLIKE.values()))
    found = list(batch(file))
    assert all(each == found[0] and "error" not in each for each in found[::2])
    problems = {name: each["error"] for name, each in zip(UNLIKE, found[1::2], strict=True)}
    assert {name: problem["field"] for name, problem in problems.items()} == {
        name: field for name, (_, field) in UNLIKE.items()
    }
    assert [problem["line"] for problem in problems.values()] == list(range(2, 2 * len(UNLIKE) + 1, 2))
    assert all("expected" in each["message"] or "half" in each["message"] for each in problems.values())
    assert all(each["message"].isprintable() and len(each["message"]) < 500 for each in problems.values())


@pytest.mark.parametrize("command", ["deadline", "resolve"])
def test_a_dash_reads_standard_input(command: str) -> None:
    row = json.dumps({"deadline": RECEIPT, "resolve": INQUIRY}[command])
    offline = ["--offline"] if command == "resolve" else []
    told = CliRunner().invoke(
        build([command]), [command, "--batch", "-", *offline], input=f"{row}\nno row\n{row}\n"
    )
    first, second, third = map(json.loads, told.stdout.splitlines())
    assert (told.exit_code, first) == (1, third)
    assert first["id"] == "good"
    assert second["error"]["line"] == 2


@pytest.mark.parametrize(("batch", "good"), BATCHES)
def test_a_file_out_of_a_spreadsheet_is_read_with_its_mark_and_its_line_ends(
    tmp_path: Path, batch: Batch, good: dict[str, Any]
) -> None:
    row = json.dumps(good).encode()
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + row + b"\r\n" + row + b"\r\n" + row)
    first, second, third = batch(file)
    assert first == second == third
    assert "error" not in first


@pytest.mark.parametrize(("batch", "good"), BATCHES)
def test_an_empty_file_has_no_results(tmp_path: Path, batch: Batch, good: dict[str, Any]) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"")
    assert not list(batch(file))
    file.write_text(json.dumps(good))
    assert len(list(batch(file))) == 1


def test_a_row_without_end_is_not_held(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"x" * 5_000_000 + b"\n{}\n")
    long, short = rows(file)
    assert LONGEST_ROW < len(long.line) < LONGEST_ROW + 10
    assert short.fields == {}


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.dates().map(str)
    | st.datetimes().map(str)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    | st.text("0123456789-+:TZ. ", max_size=26),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    [
        *("id", "language", "service", "profile", "receivedAt", "via", "supplementsReceivedAt", "complete"),
        *("extendedByMonths", "ars", "ags", "plz", "town", "on", "choice", "road", "attributes", "place"),
    ]
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize(("batch", "good"), BATCHES)
@given(wrong=st.lists(st.dictionaries(FIELDS, ANYTHING, min_size=1, max_size=3), min_size=1, max_size=20))
def test_whatever_stands_in_a_field_a_row_has_one_result_that_can_be_written(
    tmp_path: Path, batch: Batch, good: dict[str, Any], wrong: list[dict[str, Any]]
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps({**good, **fields}) + "\n" for fields in wrong), encoding="utf-8")
    found = list(batch(file))
    assert len(found) == len(wrong)
    for each in found:
        assert ("error" not in each) or {"line", "field", "message"} == set(each["error"])
    json.dumps(found)


class _Enough:
    """A screen whose reader has gone, as `head` does."""

    @property
    def buffer(self) -> "_Enough":
        return self

    def write(self, _: object) -> int:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    def flush(self) -> None:
        """Nothing is held."""


def test_a_reader_that_has_enough_is_no_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps(RECEIPT))
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", _Enough())
        with pytest.raises(SystemExit) as ended:
            build(["deadline"])(["deadline", "--batch", str(file)])
    assert ended.value.code == 1
    assert capsys.readouterr().err == ""
