"""What an operator does about messages that did not arrive."""

import asyncio

import typer
from typer.testing import CliRunner, Result

from amtsweg.messages import commands
from tests.integration.notifier.conftest import Case, Notifier, until


def run(notifier: Notifier, *arguments: str) -> Result:
    app = typer.Typer()
    app.add_typer(commands, name="messages")
    return CliRunner().invoke(app, ["messages", *arguments, "--postgres-url", notifier.database.url])


async def asked(notifier: Notifier, *arguments: str) -> Result:
    """In a thread, since the mail server runs in this loop."""
    return await asyncio.to_thread(run, notifier, *arguments)


async def failed(notifier: Notifier) -> Case:
    case = notifier.case("gone")
    await notifier.publish(case.received())
    await notifier.start()
    await until(lambda: notifier.has("failed", case))
    return case


async def test_a_message_that_failed_is_listed_and_sent_again(notifier: Notifier) -> None:
    case = await failed(notifier)
    listed = await asked(notifier, "list", "--case", str(case.id))
    assert "gescheitert (failed), vom Mailserver des Empfängers abgelehnt (refused)" in listed.stdout
    assert case.applicant not in listed.stdout

    notifier.mail.forgiving = True
    again = await asked(notifier, "retry", "--reason", "refused")
    assert "1 Nachrichten warten wieder." in again.stdout
    await until(lambda: notifier.has("sent", case))

    async def told() -> bool:
        return await notifier.outcomes(case) == ["failed", "sent"]

    await until(told)
    (row,) = await notifier.query("SELECT state, retries FROM notifier.messages WHERE case_id = $1", case.id)
    assert (row["state"], row["retries"]) == ("sent", 1)


async def test_a_message_that_was_sent_is_not_sent_again(notifier: Notifier) -> None:
    case = notifier.case()
    await notifier.publish(case.received())
    await notifier.start()
    await until(lambda: notifier.has("sent", case))
    message = case.message_id("receipt")[1:37]
    result = await asked(notifier, "retry", message)
    assert result.exit_code == 1
    assert f"{message}: unverändert" in result.stderr
    assert notifier.mail.taken_for(case.applicant) == 1


async def test_a_question_without_messages_or_reason_ends_with_2(notifier: Notifier) -> None:
    assert (await asked(notifier, "retry")).exit_code == 2
    assert (await asked(notifier, "list", "--state", "lost")).exit_code == 2
