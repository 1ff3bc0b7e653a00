"""Who asks comes before what they send: no byte of a body is read, and no slot held, for whoever is not let in or slow."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from shared.web.bodies import BodiesInMemory, BodyLimit
from tests.component.intake.conftest import BODY, MAX_IN_FLIGHT, Intake, in_memory
from tests.contracts.web.sockets import Line, serving
from tests.support.apps import SERVICES, app_of, page_of
from tests.support.operations import protected

pytestmark = pytest.mark.slow

_PAGES = ("doors page", "desk page")
_SENDERS = 40
"""Slow ones at a time; many more than there are slots."""


def _app(service: str, folder: Path) -> AbstractAsyncContextManager[FastAPI]:
    name, _, page = service.partition(" ")
    return page_of(name, folder) if page else app_of(name, folder)


@pytest.fixture(params=[*SERVICES, *_PAGES])
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def app(service: str, tmp_path: Path) -> AsyncIterator[FastAPI]:
    async with _app(service, tmp_path) as app:
        yield app


async def test_a_stranger_is_told_so_before_a_byte_of_body_is_asked_for(app: FastAPI, service: str) -> None:
    operations = protected(app)
    assert bool(operations) == (service != "notifier")
    async with serving(app) as server:
        for operation in operations:
            line = await Line.to(server)
            await line.send(
                f"{operation.method} {operation.path} HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\n"
                "Content-Type: application/json\r\nContent-Length: 999999999\r\n\r\n".encode()
            )
            async with asyncio.timeout(10):
                answer = await line.answer()  # the first that is said; 100 would ask for the body
            assert answer.status == 401, operation
            await line.close()


@pytest.mark.parametrize("path", ["/v1/submissions", "/v1/cases/0-0/withdrawal"])
async def test_many_slow_senders_hold_no_slot_that_another_needs(path: str) -> None:
    async with in_memory() as intake, serving(intake.app) as server:
        slow = [await Line.to(server) for _ in range(_SENDERS)]
        for number, line in enumerate(slow):
            await line.send(_head(intake, path, key=f"slow-{number}", length=len(BODY)) + BODY[:10])
        quick = await Line.to(server)
        for number in range(5):
            body = BODY.replace(b"4711", str(number).encode())
            await quick.send(_head(intake, "/v1/submissions", key=f"quick-{number}", length=len(body)) + body)
            assert (await quick.answer()).status == 202
        assert len(slow) > MAX_IN_FLIGHT
        # Those that were slow are served when they have come to an end.
        await slow[0].send(BODY[10:])
        assert (await slow[0].answer()).status in {202, 404}
        for line in slow:
            await line.close()


def _head(intake: Intake, path: str, *, key: str, length: int) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
        f'Idempotency-Key: "{key}"\r\nAuthorization: {intake.bearer()["Authorization"]}\r\n\r\n'
    ).encode()


async def test_who_fills_the_memory_is_refused_and_others_are_served() -> None:
    async with in_memory() as intake:
        for middleware in intake.app.user_middleware:
            if middleware.cls is BodyLimit:  # type: ignore[comparison-overlap] # typed as a factory
                middleware.kwargs.update(most=4 * len(BODY))
        async with serving(intake.app) as server:
            greedy = [await Line.to(server) for _ in range(2)]
            for number, line in enumerate(greedy):
                await line.send(
                    _head(intake, "/v1/submissions", key=f"{number}", length=len(BODY)) + BODY[:-1]
                )
            token = b"grant_type=client_credentials&client_id=portal&client_secret=wrong"
            open_to_all = await Line.to(server)
            beyond = await Line.to(server)
            # What the first two hold is counted as soon as it has come; nothing says so but the answer to the third.
            async with asyncio.timeout(10):
                while True:
                    await beyond.send(_head(intake, "/v1/submissions", key="3", length=len(BODY)) + BODY)
                    answer = await beyond.answer()
                    if answer.status == 503:
                        break
            assert answer.kind == "too-many-in-flight"
            assert answer.headers["retry-after"] == "1"
            await open_to_all.send(
                b"POST /token HTTP/1.1\r\nHost: test\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(token), token)
            )
            assert (await open_to_all.answer()).status == 401
            for line in greedy:
                await line.send(BODY[-1:])
                assert (await line.answer()).status == 202


@given(sizes=st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 60)), max_size=30))
def test_bodies_in_memory_are_bounded_together_and_for_each(sizes: list[tuple[str, int]]) -> None:
    memory, held = BodiesInMemory(100), []
    for whose, size in sizes:
        if memory.take(whose, size):
            held.append((whose, size))
        of_one = {name: sum(n for each, n in held if each == name) for name in "abc"}
        assert sum(of_one.values()) <= 100
        assert max(of_one.values()) <= 50
    for whose, size in held:
        memory.give_back(whose, size)
    assert memory.take("a", 50)
    assert memory.take("b", 50)
