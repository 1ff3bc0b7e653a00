"""What every memory of assertion ids does, the fake and the real one."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.intake.domain.client import Assertion
from services.intake.ports import AssertionIds


def assertion(*, own_id: str | None = None, client_id: str = "portal") -> Assertion:
    expires_at = datetime.now(UTC) + timedelta(minutes=1)
    return Assertion(client_id=client_id, id=own_id or str(uuid4()), expires_at=expires_at)


class AssertionIdsContract:
    @pytest.fixture
    def assertion_ids(self) -> AssertionIds:
        raise NotImplementedError

    async def test_an_assertion_is_used_once_even_by_many_at_once(self, assertion_ids: AssertionIds) -> None:
        shown = assertion()
        uses = await asyncio.gather(*(assertion_ids.first_use(shown) for _ in range(10)))
        assert uses.count(True) == 1

    async def test_two_clients_may_choose_the_same_id(self, assertion_ids: AssertionIds) -> None:
        assert await assertion_ids.first_use(assertion(own_id="1", client_id="one"))
        assert await assertion_ids.first_use(assertion(own_id="1", client_id="other"))
