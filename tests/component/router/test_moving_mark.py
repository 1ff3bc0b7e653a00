"""The mark of the store of answers moves on every few seconds, also while answers are entered."""

from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import pytest

from services.router.adapters.postgres.answers import AnswerMark, AnswersSetBack, PostgresAnswers
from services.router.domain.cases.answering import AnswerEntry
from shared.postgres.pool import Pool

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
ENTRY = AnswerEntry(
    authority="g-06534014",
    own_id="1",
    case_id=uuid4(),
    submission_id=uuid4(),
    content_hash="h",
    accepted_at=STARTED,
)


class Database:
    """Answers with the mark that it had when it was asked; until the answer comes, the process has moved its own on."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.store = PostgresAnswers(cast("Pool", self))

    async def fetch(self, statement: str, *_: object, **__: object) -> list[dict[str, Any]]:
        self.store.expect(AnswerMark(number=2, server=STARTED))
        key = (ENTRY.authority, ENTRY.own_id) if "INSERT" in statement else (None, None)
        return [{"number": self.number, "server": STARTED, "authority": key[0], "own_id": key[1]}]


async def test_a_mark_that_moves_on_meanwhile_is_no_restore() -> None:
    database = Database(1)
    database.store.expect(AnswerMark(number=1, server=STARTED))

    assert await database.store.enter(ENTRY) is None

    database.store.expect(AnswerMark(number=1, server=STARTED))
    assert await database.store.find(ENTRY.authority, ENTRY.own_id) is None


async def test_a_mark_that_lies_behind_says_that_the_answers_were_set_back() -> None:
    database = Database(1)
    database.store.expect(AnswerMark(number=2, server=STARTED))

    with pytest.raises(AnswersSetBack):
        await database.store.enter(ENTRY)
