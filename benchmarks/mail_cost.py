"""What processor time does a mail cost the notifier itself: planned, sent, and heard of again?

    python benchmarks/mail_cost.py

Real PostgreSQL, the mail server of ``mails.py`` in a process of its own, no Kafka: events are applied three at a time, as they
come when mails are few a second. Only this process's own time counts, of the user and of the system. Prints one JSON object.
"""

import asyncio
import multiprocessing
import socket
import time
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from uuid import uuid4

import orjson
import structlog
import uvloop
from joserfc.jwk import ECKey

from amtsweg.directory.folder import shipped
from amtsweg.stack import ports
from amtsweg.stack.postgres import Postgres
from benchmarks.mails import SENDER, serve
from benchmarks.support.surroundings import own_folder, started, tell
from services.notifier.adapters.contacts import PURPOSE, SealedContacts
from services.notifier.adapters.delivery_metrics import DeliveryWatch
from services.notifier.adapters.directory_files import DirectoryFiles
from services.notifier.adapters.law_files import open_law
from services.notifier.adapters.postgres import MIGRATIONS
from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.ledger import PostgresCaseStore
from services.notifier.adapters.postgres.queue import PostgresQueue
from services.notifier.adapters.postgres.timers import TimerLedger
from services.notifier.adapters.smtp import MailServer, SmtpMailer
from services.notifier.adapters.template_files import read_texts
from services.notifier.domain.deadlines.law import Law
from services.notifier.domain.retry import RetryPolicy
from services.notifier.domain.token_bucket import Pace
from services.notifier.domain.writing import Writer
from services.notifier.handler.carriers import Desk, EmailCarrier
from services.notifier.handler.delivery import MailDelivery
from services.notifier.handler.planning import on_events
from services.notifier.handler.send_loop import Rounds
from services.notifier.handler.ticking import set_timers
from shared.backoff import Backoff
from shared.crypto.jwe import OwnKey, RecipientKey, seal
from shared.events import ids
from shared.events.envelope import Event, decode
from shared.events.payload import Payload, Sealed
from shared.events.submission import SubmissionReceived
from shared.events.topics import NOTIFICATION_SETTLED
from shared.postgres import migrations
from shared.postgres import pool as postgres
from shared.postgres.pool import Pool
from shared.service.clock import utc_now
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from tests.support.events import RECEIPT, sealed

MAILS = 600
BATCH = 3
ROUNDS = 3
KEY = ECKey.generate_key("P-256", {"kid": "contacts-1", "use": "enc"}, private=True)
SEAL_TO = RecipientKey(KEY.as_dict(private=False))
"""Kept as intake keeps it: who shares an ephemeral key is opened with less."""


class NothingToReplay:
    """The `Replay` of a store that has heard everything."""

    async def caught_up(self) -> None:
        """Return at once."""


def received() -> Event[Payload]:
    """A submission with an address."""
    submission = ids.submission_id("verwaltungsportal", str(uuid4()))
    contact = seal(
        orjson.dumps({"email": f"{submission.hex}@example.org"}),
        key=SEAL_TO,
        submission_id=submission,
        purpose=PURPOSE,
        content_type="application/json",
    )
    now = utc_now()
    receipt = RECEIPT.model_copy(update={"service": "99050023005000", "received_at": now})
    return Event(
        id=ids.child_id(submission, "received"),
        source="benchmark",
        time=now,
        case_id=ids.case_id(submission),
        submission_id=submission,
        data=SubmissionReceived(
            receipt=receipt, content=sealed(), contact=Sealed.model_validate_json(contact)
        ),
    )


async def apply(pool: Pool, law: Law, events: Sequence[Event[Payload]]) -> None:
    for at in range(0, len(events), BATCH):
        async with postgres.transaction(pool) as connection:
            await on_events(events[at : at + BATCH], PostgresCaseStore(connection), law)
            await set_timers(events[at : at + BATCH], TimerLedger(connection), law)


def sending(pool: Pool, law: Law, mailer: SmtpMailer) -> Rounds:
    """As `channels` connects it."""
    desk = Desk(
        contacts=SealedContacts([OwnKey(KEY.as_dict(private=True))]),
        directory=DirectoryFiles(shipped(), is_sensitive=law.names_sensitively),
        writer=Writer(read_texts(), law),
    )
    queue = PostgresQueue(pool, lease=timedelta(minutes=5), history=StoreHistory("notifier"))
    observer = DeliveryWatch(Health().part("mail server"), telemetry=Telemetry(), clock=utc_now)
    courier = MailDelivery(
        queue=queue,
        carrier=EmailCarrier(desk=desk, mailer=mailer, sender=SENDER, clock=utc_now),
        clock=utc_now,
        patience=RetryPolicy(),
        law=law,
        random=Random(1),
        observer=observer,
        pauses=Backoff,
    )
    return Rounds(
        queue=queue,
        courier=courier,
        replay=NothingToReplay(),
        monotonic=time.monotonic,
        observer=observer,
        side_by_side=32,
        pace=Pace.of(10_000.0, now=time.monotonic()),
    )


async def send(pool: Pool, law: Law, port: int) -> None:
    server = MailServer(host="127.0.0.1", port=port, encryption="none", greeting="amtsweg.example")
    mailer = SmtpMailer(server, connections=8)
    running = asyncio.create_task(sending(pool, law, mailer).run())
    while await pool.fetchval("SELECT count(*) FROM messages WHERE state <> 'sent'"):  # noqa: ASYNC110 - the store tells nobody
        await asyncio.sleep(0.2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await mailer.close()


async def emptied(pool: Pool) -> list[Event[Payload]]:
    """What became of the mails, as the bus would bring it back."""
    rows = await pool.fetch("DELETE FROM outbox RETURNING value, header_names, header_values")
    return [
        decode(
            row["value"],
            list(zip(row["header_names"], row["header_values"], strict=True)),
            NOTIFICATION_SETTLED.payloads,
        )
        for row in rows
    ]


async def measure(url: str, port: int) -> dict[str, int]:
    law = open_law(shipped())
    await migrations.upgrade(url, schema="notifier", folder=MIGRATIONS)
    pool = await postgres.open_pool(url, schema="notifier", reset=False)
    spent: dict[str, float] = {}
    for _ in range(ROUNDS):
        news = [received() for _ in range(MAILS)]
        marks = [time.process_time()]
        await apply(pool, law, news)
        marks.append(time.process_time())
        await send(pool, law, port)
        marks.append(time.process_time())
        heard = await emptied(pool)
        marks.append(time.process_time())
        await apply(pool, law, heard)
        marks.append(time.process_time())
        for name, at in (("planned", 0), ("sent", 1), ("heard of", 3)):
            cost = (marks[at + 1] - marks[at]) / MAILS * 1e6
            spent[name] = min(cost, spent.get(name, cost))
    await pool.close()
    return {name: round(cost) for name, cost in spent.items()}


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    server = multiprocessing.Process(target=serve, args=(listening,), daemon=True)
    server.start()
    with own_folder() as var, started(Postgres(var, port=ports.free_port())) as part:
        part.execute("create database bench")
        spent = uvloop.run(measure(part.endpoint.url("bench"), listening.getsockname()[1]))
    server.kill()
    tell(__doc__, {"microseconds a mail": spent})


if __name__ == "__main__":
    main()
