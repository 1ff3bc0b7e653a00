"""``kill -9`` at every step of a send on a real SMTP conversation: the mailboxes agree with what the store says."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.integration.notifier.conftest import Case, Notifier, until
from tests.integration.notifier.test_messages_command import asked
from tests.support.outbox_checker import differences

STEPS = ("before-content", "before-answer", "taken", "answered", "courtesy")
SLOW = {"AMTSWEG_SMTP__TIMEOUT": "PT30S", "AMTSWEG_LEASE": "PT100S"}


class Held:
    """The mail server's hooks: each applicant's conversation stops at the step that the address names."""

    def __init__(self, notifier: Notifier, answered: Case) -> None:
        self.notifier = notifier
        self.answered = answered
        self.at = set[str]()
        self.released = asyncio.Event()
        self.mails = Counter[str]()

    async def hold(self, recipient: str, *steps: str) -> None:
        step = recipient.partition("@")[0]
        if step in steps and not self.released.is_set():
            self.at.add(step)
            await self.released.wait()

    async def at_recipient(self, recipient: str) -> None:
        await self.hold(recipient, "before-content")

    async def at_content(self, recipient: str) -> None:
        await self.hold(recipient, "before-answer")

    async def after_content(self, recipient: str) -> None:
        self.mails[recipient] += 1
        if recipient.startswith("courtesy") and self.mails[recipient] == 1:
            return  # the receipt goes out; the courtesy that follows it is held
        await self.hold(recipient, "taken", "courtesy")
        if recipient == self.answered.applicant and not self.released.is_set():
            self.at.add("answered")
            await self.lock()

    async def lock(self) -> None:
        """The server answers; what the notifier writes then waits until somebody kills it.

        It is one statement, and it is on its way: PostgreSQL carries it out although nobody hears of it any more.
        """
        self.connection = await asyncpg.connect(self.notifier.database.url)
        self.transaction = self.connection.transaction()
        await self.transaction.start()
        await self.connection.execute(
            "SELECT FROM notifier.messages WHERE case_id = $1 FOR UPDATE", self.answered.id
        )


@asynccontextmanager
async def held(notifier: Notifier, answered: Case) -> AsyncIterator[Held]:
    hooks = Held(notifier, answered)
    mail = notifier.mail
    mail.at_recipient, mail.at_content, mail.after_content = (
        hooks.at_recipient,
        hooks.at_content,
        hooks.after_content,
    )
    yield hooks
    hooks.released.set()
    await hooks.transaction.rollback()
    await hooks.connection.close()


@pytest.mark.timeout(180)
async def test_whatever_step_a_sender_dies_at_a_duty_arrives_and_a_courtesy_is_told_at_most_once(
    notifier: Notifier,
) -> None:
    cases: dict[str, Case] = {step: notifier.case(step) for step in STEPS}
    await notifier.publish(*(case.received() for case in cases.values()), cases["courtesy"].routed())
    async with held(notifier, cases["answered"]) as hooks:
        process = await notifier.start(**SLOW)
        await until(lambda: hooks.at == set(STEPS), seconds=90)
        await until(lambda: settling(notifier))
        await notifier.kill(process)
    await notifier.query("UPDATE notifier.messages SET leased_until = now() WHERE leased_until IS NOT NULL")
    await notifier.start()

    async def offered_again() -> bool:
        await notifier.query("UPDATE notifier.messages SET due_at = now() WHERE state = 'created'")
        return await notifier.has("sent", *cases.values(), count=5)

    await until(offered_again, seconds=90)
    await until(lambda: notifier.has("unknown", cases["courtesy"]))
    outbox = await notifier.query("SELECT id, kind, state, repeats, case_id FROM notifier.messages")
    assert differences(notifier.mail.times_taken, outbox) == []
    repeats = {row["case_id"]: row["repeats"] for row in outbox if row["kind"] == "receipt"}
    assert {step: repeats[case.id] for step, case in cases.items()} == {
        "before-content": 0, "before-answer": 1, "taken": 1, "answered": 0, "courtesy": 0,
    }  # fmt: skip
    taken = {step: notifier.mail.taken_for(case.applicant) for step, case in cases.items()}
    assert taken == {"before-content": 1, "before-answer": 1, "taken": 2, "answered": 1, "courtesy": 2}
    await said_to_have_arrived(notifier, cases["courtesy"])


async def settling(notifier: Notifier) -> bool:
    """Whether the notifier has the server's answer, and waits for the store."""
    rows = await notifier.query(
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    return bool(rows)


async def said_to_have_arrived(notifier: Notifier, case: Case) -> None:
    """The operator has found the Message-ID in the relay's log."""
    message = case.message_id("forwarded")[1:37]
    said = await asked(notifier, "arrived", message)
    assert (said.exit_code, said.stdout) == (0, "1 Nachrichten gelten als angekommen.\n")
    assert await notifier.has("delivered", case)
    again = await asked(notifier, "arrived", message)
    assert again.exit_code == 1
    assert f"{message}: unverändert" in again.stderr
