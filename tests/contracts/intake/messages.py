"""What every store of the authorities' messages does, the fake and the real one."""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.intake.ports import AuthorityMessage, Messages
from tests.contracts.intake.receipt_store import NOW

CASE, OTHER_CASE = uuid4(), uuid4()


@dataclass(frozen=True)
class Delivered:
    """An empty store, which a test can add to."""

    messages: Messages

    @abstractmethod
    async def deliver(self, message: AuthorityMessage, *, case: UUID, client: str) -> None:
        """Add the message."""

    async def several(
        self, number: int, *, case: UUID = CASE, client: str = "portal"
    ) -> list[AuthorityMessage]:
        made = [message(minutes) for minutes in range(number)]
        for each in made:
            await self.deliver(each, case=case, client=client)
        return made


def message(minutes: int = 0) -> AuthorityMessage:
    return AuthorityMessage(
        message_id=uuid4(),
        answer_id=uuid4(),
        at=NOW + timedelta(minutes=minutes),
        authority="g-06531005",
        kind="decided",
        outcome="granted",
        content='{"ciphertext":"AAAA"}',
    )


class MessagesContract:
    @pytest.fixture
    def delivered(self) -> Delivered:
        raise NotImplementedError

    async def test_messages_are_read_in_order_and_page_by_page(self, delivered: Delivered) -> None:
        made = await delivered.several(3)
        first = await delivered.messages.page(CASE, client_id="portal", after=None, limit=2)
        assert first is not None
        assert (first.messages, first.more) == (made[:2], True)
        rest = await delivered.messages.page(CASE, client_id="portal", after=first.next, limit=2)
        assert rest is not None
        assert (rest.messages, rest.more) == (made[2:], False)

    async def test_a_confirmed_message_is_gone_and_the_others_stay(self, delivered: Delivered) -> None:
        one, two = await delivered.several(2)
        for _ in range(2):
            await delivered.messages.confirm(one.message_id, case_id=CASE, client_id="portal")
        page = await delivered.messages.page(CASE, client_id="portal", after=None, limit=9)
        assert page is not None
        assert page.messages == [two]

    async def test_another_client_and_another_case_neither_read_nor_confirm(
        self, delivered: Delivered
    ) -> None:
        (own,) = await delivered.several(1)
        await delivered.several(1, client="other")
        await delivered.messages.confirm(own.message_id, case_id=CASE, client_id="other")
        await delivered.messages.confirm(own.message_id, case_id=OTHER_CASE, client_id="portal")
        page = await delivered.messages.page(CASE, client_id="portal", after=None, limit=9)
        empty = await delivered.messages.page(OTHER_CASE, client_id="portal", after=None, limit=9)
        assert page is not None
        assert empty is not None
        assert (page.messages, list(empty.messages)) == ([own], [])

    async def test_a_malformed_cursor_gives_no_page(self, delivered: Delivered) -> None:
        assert await delivered.messages.page(CASE, client_id="portal", after="?", limit=9) is None
