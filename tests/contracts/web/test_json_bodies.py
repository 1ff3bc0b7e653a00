"""Every route that takes JSON, of every application: what two readers could read differently never reaches it."""

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.web.json_bodies import MOST_VALUES
from tests.component.intake.conftest import BODY
from tests.support.apps import SERVICES, app_of, page_of
from tests.support.let_in import LetIn, somebody
from tests.support.operations import Operation, taking_json

BROKEN = {
    "cut": (b'{"a":\n  {"b": 1', 2, 10),
    "a comma too many": (b'{"a": 1,}', 1, 9),
    "text behind it": (b'{"a": 1} x', 1, 10),
    "not a number": (b'{"a": NaN}', 1, 7),
    "not UTF-8": (b'{"a": "\xff"}', 1, 8),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), 1, 1),
    "a byte order mark": (b'\xef\xbb\xbf{"a": 1}', 1, 1),
    "a raw NUL": (b'{"a": "\x00"}', 1, 8),
    "single quotes": (b"{'a': 1}", 1, 2),
    "a comment": (b'{"a": 1 /* b */}', 1, 9),
}
"""Bytes, and the line and column at which they stop being JSON."""

DIFFERENT = {
    "a member twice": (b'{"a": 1, "a": 2}', "/a", "doubled-member"),
    "a member twice, once escaped": (rb'{"a": 1, "\u0061": 2}', "/a", "doubled-member"),
    "a member twice, within": (b'{"a": [{"b": 1, "b": 1}]}', "/a/0/b", "doubled-member"),
    "a number too long": (b'{"a": 12345678901234567890}', "/a", "number-not-exact"),
    "a number without end": (b'{"a": 1e400}', "/a", "number-not-exact"),
    "half a character": (rb'{"a": "\ud83d"}', "/a", "lone-surrogate"),
    "nested": (b'{"a": ' + b"[" * 70 + b"]" * 70 + b"}", "", "nested-too-deep"),
    "nested without end": (b"[" * 3_000, "", "nested-too-deep"),
}
AT_DOORS = {
    "a NUL": (rb'{"a": "x\u0000"}', "/a", "nul-character"),
    "too many elements": (b'{"a": [%s]}' % b",".join([b"0"] * (MOST_VALUES + 1)), "", "too-many-values"),
}
"""Refused everywhere but at intake, where the content of a form may hold it."""

APPLICATIONS = (*SERVICES, "doors page", "desk page")


def _app(service: str, folder: Path) -> AbstractAsyncContextManager[FastAPI]:
    name, _, page = service.partition(" ")
    return page_of(name, folder) if page else app_of(name, folder)


class Door:
    """An application that lets everybody in."""

    def __init__(self, service: str, app: FastAPI, http: httpx.AsyncClient) -> None:
        self.service = service
        self.app = app
        self.http = http
        self.case = "case"

    @property
    def operations(self) -> list[Operation]:
        return taking_json(self.app)

    async def send(self, operation: Operation, body: bytes) -> httpx.Response:
        headers = {"Content-Type": "application/json", "Idempotency-Key": f'"{hash(body)}"'}
        headers |= {"Amtsweg-Purpose": "test", "Amtsweg-Reference": "1"}
        path = operation.path.replace("reference", self.case)
        return await self.http.request(operation.method, path, content=body, headers=headers)


@pytest.fixture(params=APPLICATIONS)
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Door]:
    service = str(request.param)
    async with _app(service, tmp_path) as app:
        transport = httpx.ASGITransport(LetIn(app, somebody(service)))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            door = Door(service, app, http)
            if service == "intake":
                taken = await door.send(Operation("POST", "/v1/submissions"), BODY)
                door.case = taken.json()["caseId"]
            yield door


async def test_every_application_with_json_is_walked(door: Door) -> None:
    assert bool(door.operations) == (door.service != "notifier")


async def test_broken_json_is_answered_with_line_and_column(door: Door) -> None:
    for operation in door.operations:
        for name, (body, line, column) in BROKEN.items():
            answer = await door.send(operation, body)
            told = answer.json()
            assert (answer.status_code, _kind(told)) == (400, "malformed-json"), (operation, name)
            assert (told["line"], told["column"]) == (line, column), (operation, name)


async def test_what_readers_read_differently_is_refused_with_its_place(door: Door) -> None:
    cases = DIFFERENT if door.service == "intake" else {**DIFFERENT, **AT_DOORS}
    for operation in door.operations:
        for name, (body, place, fault) in cases.items():
            answer = await door.send(operation, body)
            told = answer.json()
            assert answer.status_code == 422, (operation, name)
            assert fault in {each.get("problem", each.get("fault")) for each in told["errors"]}, (
                operation,
                name,
            )
            assert place in told["errors"][0]["at"], (operation, name)


async def test_json_that_all_read_alike_is_not_refused_as_json(door: Door) -> None:
    for operation in door.operations:
        answer = await door.send(
            operation, b'{"nobody": {"knows": ["this", 0.5, "\\u00fc", "\\ud83d\\ude00"]}}'
        )
        assert answer.status_code == 422, operation
        told = answer.json()
        assert not {each.get("problem", each.get("fault")) for each in told.get("errors", ())} & {
            fault for _, _, fault in (*DIFFERENT.values(), *AT_DOORS.values())
        }, operation


async def test_members_that_nobody_knows_are_counted_before_each_is_looked_at(door: Door) -> None:
    body = json.dumps(dict.fromkeys(map(str, range(60_000)), 1)).encode()
    for operation in door.operations:
        answer = await door.send(operation, body)
        assert answer.status_code in {413, 422}, operation
        assert len(answer.content) < 8_000, operation
        if answer.status_code == 422 and door.service != "intake":  # which has a reader of its own for them
            (fault,) = answer.json()["errors"]
            assert fault["problem"] == "too-many-values", operation


def _kind(problem: dict[str, Any]) -> str:
    return str(problem["type"]).rpartition(":")[2]
