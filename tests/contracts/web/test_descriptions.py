"""What the OpenAPI descriptions say is what is answered: no other status, no other media type, no other shape, no 5xx.

The audit service is not asked here: without its database it has nothing to answer.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import schemathesis
from fastapi import FastAPI

from services.intake.domain.tidy import tidied
from tests.component.intake.conftest import in_memory
from tests.support import desk
from tests.support.apps import SERVICES, app_of, with_competence
from tests.support.doors import DoorsInMemory, doors_app
from tests.support.events import GIESSEN
from tests.support.fuzzing import CONFIG, contradictions

pytestmark = pytest.mark.slow

IN_MEMORY = [service for service in SERVICES if service != "audit"]
TOKENS = {"doors": {"Authorization": f"Bearer {GIESSEN}"}, "desk": desk.token()}


@asynccontextmanager
async def entered(service: str, folder: Path) -> AsyncIterator[tuple[FastAPI, dict[str, str]]]:
    """The service's application, and the headers of somebody who may come in."""
    if service == "intake":
        async with in_memory() as intake:
            yield intake.app, intake.bearer()
    elif service == "doors":
        yield with_competence(doors_app(DoorsInMemory())), TOKENS["doors"]
    else:
        async with app_of(service, folder) as app:
            yield app, TOKENS.get(service, {})


async def found(service: str, folder: Path, *, examples: int) -> list[str]:
    async with entered(service, folder) as (app, headers):
        description = schemathesis.openapi.from_asgi("/openapi.json", app, config=CONFIG)
    return contradictions(
        description, examples=examples, headers=headers, tidied=tidied if service == "intake" else None
    )


@pytest.mark.parametrize("service", IN_MEMORY)
async def test_every_answer_is_as_described(service: str, tmp_path: Path) -> None:
    assert await found(service, tmp_path, examples=3) == []


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("service", IN_MEMORY)
async def test_every_answer_is_as_described_to_many(service: str, tmp_path: Path) -> None:
    assert await found(service, tmp_path, examples=60) == []


@pytest.mark.parametrize("service", SERVICES)
async def test_no_description_speaks_of_fastapis_own_errors(service: str, tmp_path: Path) -> None:
    async with app_of(service, tmp_path) as app:
        assert "HTTPValidationError" not in str(app.openapi())
