"""The whole way of a message into a platform's mailbox, and on the next channel where that does not lead to the applicant."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from shared.events import ids
from shared.events.ids import child_id
from shared.events.notification import NotificationRead
from shared.events.submission import Channel
from tests.integration.notifier.conftest import Case, Notifier, until
from tests.support.receiver import Call, Receiver, answering, receiving

WAYS: tuple[Channel, ...] = ("mailbox", "email")
ADDRESS = {"street": "Südanlage 5", "postalCode": "35390", "town": "Gießen"}


def message(case: Case, channel: Channel) -> UUID:
    return ids.message_id(case.id, "receipt", 1, "applicant", channel)


async def start(notifier: Notifier, platform: Receiver, folder: Path, **changes: str) -> None:
    keys = folder / "mailboxes"
    keys.write_text("5a" * 32)
    await notifier.start(
        AMTSWEG_MAILBOX__ENDPOINTS=orjson.dumps({"verwaltungsportal": platform.url}).decode(),
        AMTSWEG_MAILBOX__KEYS_FILE=str(keys),
        AMTSWEG_MAILBOX__NETWORKS='["127.0.0.0/8"]',
        **changes,
    )


async def standing(notifier: Notifier, case: Case) -> dict[str, str]:
    rows = await notifier.query("SELECT channel, state FROM notifier.messages WHERE case_id = $1", case.id)
    return {row["channel"]: row["state"] for row in rows}


async def test_a_message_is_provided_once_and_its_reading_is_the_delivery(
    notifier: Notifier, tmp_path: Path
) -> None:
    case = notifier.case(channels=WAYS, mailbox="p-17")
    await notifier.publish(case.received())
    async with receiving() as platform:
        await start(notifier, platform, tmp_path)
        await until(lambda: notifier.has("sent", case))
        read = NotificationRead(message_id=message(case, "mailbox"), read_at=datetime.now(UTC))
        await notifier.publish(case.event(read), case.event(read))
        await until(lambda: notifier.has("delivered", case))

        async def told() -> bool:
            return await notifier.outcomes(case) == ["delivered", "sent"]

        await until(told)
    assert platform.ids == [str(message(case, "mailbox"))]
    assert platform.calls[0].document["mailbox"] == "p-17"
    assert notifier.mail.taken == []


async def test_what_one_channel_refuses_goes_on_the_next_once(notifier: Notifier, tmp_path: Path) -> None:
    by_letter = notifier.case(
        "gone", channels=(*WAYS, "letter"), mailbox="gone", name="Erika Mustermann", address=ADDRESS
    )
    refused, elsewhere = (notifier.case(channels=WAYS, mailbox=name) for name in ("gone", "p-18"))

    def answer(call: Call) -> bytes:
        return answering("410 Gone") if call.document["mailbox"] == "gone" else answering("204 No Content")

    await notifier.publish(refused.received(), elsewhere.received(), by_letter.received())
    (tmp_path / "letters").mkdir()
    async with receiving(answer) as platform:
        await start(
            notifier,
            platform,
            tmp_path,
            AMTSWEG_LETTERS__FOLDER=str(tmp_path / "letters"),
            AMTSWEG_LETTERS__RETURN_ADDRESS="Amtsweg, Beispielplatz 1, 65185 Wiesbaden",
        )
        await until(lambda: notifier.has("sent", refused, elsewhere, by_letter, count=3))
    assert await standing(notifier, refused) == {"mailbox": "failed", "email": "sent"}
    assert await standing(notifier, elsewhere) == {"mailbox": "sent"}
    assert await standing(notifier, by_letter) == {"mailbox": "failed", "email": "failed", "letter": "sent"}
    assert notifier.mail.taken_for(refused.applicant) == 1
    letter = tmp_path / "letters" / f"{message(by_letter, 'letter')}.pdf"
    assert letter.read_bytes().startswith(b"%PDF-")


@pytest.mark.long
async def test_what_is_unread_on_the_fifth_day_goes_by_mail_and_what_was_read_does_not(
    notifier: Notifier, tmp_path: Path
) -> None:
    unread, read = (notifier.case(channels=WAYS, mailbox=name) for name in ("p-19", "p-20"))
    await notifier.publish(unread.received(), read.received())
    async with receiving() as platform:
        await start(notifier, platform, tmp_path)
        await until(lambda: notifier.has("sent", unread, read, count=2))
        report = NotificationRead(message_id=message(read, "mailbox"), read_at=datetime.now(UTC))
        await notifier.publish(read.event(report))
        await until(lambda: notifier.has("delivered", read))
        await notifier.end(notifier.processes[0])
        await start(
            notifier,
            platform,
            tmp_path,
            AMTSWEG_CLOCK_AHEAD=f"PT{timedelta(days=5, hours=1).total_seconds():.0f}S",
        )

        async def told_by_mail() -> bool:
            return await standing(notifier, unread) == {"mailbox": "unread", "email": "sent"}

        await until(told_by_mail)
    assert await standing(notifier, read) == {"mailbox": "delivered"}
    settled = {event.id: event.data for event in await notifier.settled()}
    assert settled[child_id(message(unread, "mailbox"), "unread-5")].unread_days == 5
