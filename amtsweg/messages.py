"""`amtsweg messages`: which messages to applicants wait, failed or are unknown, and sending them again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, TypeVar
from uuid import UUID

import typer

from amtsweg.addresses import DatabaseUrlOption
from amtsweg.code_words import GIVEN_UP, with_words
from amtsweg.exit_status import MISTAKE
from amtsweg.language import language, said
from amtsweg.message_words import in_words
from amtsweg.named_file import secret_in
from amtsweg.servers_asked import asked_pool
from amtsweg.stack.description import StackDescription, stack_folder
from amtsweg.terminal import JsonOption, echo, echo_json, ended
from services.notifier.adapters.mailboxes import verification
from services.notifier.adapters.postgres import SCHEMA
from services.notifier.adapters.postgres.operate import (
    ListedMessage,
    UnendedCase,
    listed,
    open_cases,
    send_again,
)
from services.notifier.adapters.postgres.retention import OPEN_LONG
from services.notifier.adapters.postgres.returns import ReturnedMails
from services.notifier.domain.bounces import DeliveryReport
from services.notifier.domain.states import TRANSITIONS
from shared.bounded_files import read_bounded
from shared.crypto.dkim import LONGEST_BITS, SHORTEST_BITS, DkimSigner
from shared.crypto.webhook_signatures import WebhookKeys
from shared.local_time import local_time, utc
from shared.postgres.pool import Pool

commands = typer.Typer(no_args_is_help=True, help="Nachrichten an Antragstellende.")

STATES: Final = (*TRANSITIONS, "lacking")

_PasswordFile = Annotated[Path | None, typer.Option(help="Datei mit dem Kennwort der Datenbank")]

_TXT_PART: Final = 255
"""A TXT record's strings are no longer; receivers join them (RFC 6376 section 3.6.2.2)."""

_Result = TypeVar("_Result")


@commands.command("list")
def show(
    *,
    state: Annotated[list[str] | None, typer.Option(help=f"einer von {', '.join(STATES)}")] = None,
    case: Annotated[UUID | None, typer.Option(help="nur die Nachrichten dieses Vorgangs")] = None,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="höchstens so viele")] = 100,
    as_json: JsonOption = False,
    postgres_url: DatabaseUrlOption = None,
    password_file: _PasswordFile = None,
) -> None:
    """Zeigt Nachrichten, die warten, gescheitert sind, deren Ausgang niemand kennt oder denen etwas fehlt (lacking)."""
    states = state or (list(STATES) if case else ["created", "sending", "failed", "unknown", "lacking"])
    if unknown := set(states) - set(STATES):
        raise ended(
            said(
                de=f"{', '.join(sorted(unknown))}: erwartet wird einer von {with_words(', '.join(STATES))}",
                en=f"{', '.join(sorted(unknown))}: expected one of {with_words(', '.join(STATES))}",
            ),
            MISTAKE,
        )
    found = _run(
        lambda pool: listed(pool, states=states, case=case, most=most), url=postgres_url, file=password_file
    )
    if as_json:
        echo_json([document(message) for message in found])
        return
    for message in found:
        echo(_line(message))
    echo(said(de=f"{len(found)} Nachrichten", en=f"{len(found)} messages"))


@commands.command("open")
def show_open(
    *,
    days: Annotated[int, typer.Option(min=0, help="Vorgänge, die länger offen sind")] = OPEN_LONG.days,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="höchstens so viele")] = 100,
    as_json: JsonOption = False,
    postgres_url: DatabaseUrlOption = None,
    password_file: _PasswordFile = None,
) -> None:
    """Zeigt Vorgänge, die lange offen sind: Bis sie enden, bleibt der Kontakt gespeichert."""
    older = timedelta(days=days)
    found = _run(
        lambda pool: open_cases(pool, older_than=older, most=most), url=postgres_url, file=password_file
    )
    if as_json:
        echo_json([open_document(case) for case in found])
        return
    for case in found:
        echo(_open_line(case))
    echo(said(de=f"{len(found)} offene Vorgänge", en=f"{len(found)} open cases"))


@commands.command()
def retry(
    messages: Annotated[list[UUID] | None, typer.Argument(help="Nachrichten, wie `list` sie nennt")] = None,
    *,
    reason: Annotated[
        str | None, typer.Option(help=f"alle, die so gescheitert sind: {', '.join(GIVEN_UP)}")
    ] = None,
    postgres_url: DatabaseUrlOption = None,
    password_file: _PasswordFile = None,
) -> None:
    """Lässt gescheiterte oder unbekannt gebliebene Nachrichten noch einmal senden."""
    if not messages and reason is None:
        raise ended(
            said(de="Erwartet werden Nachrichten oder --reason.", en="Expected: messages, or --reason."),
            MISTAKE,
        )
    wanted = frozenset(messages or ())
    sent = _run(
        lambda pool: send_again(pool, messages=wanted, reason=reason), url=postgres_url, file=password_file
    )
    echo(said(de=f"{len(sent)} Nachrichten warten wieder.", en=f"{len(sent)} messages wait again."))
    for message in sorted(wanted - sent):
        echo(
            said(
                de=f"{message}: unverändert. Sie ist nicht gescheitert, oder ihr Kontakt ist gelöscht.",
                en=f"{message}: unchanged. It has not failed, or its contact is erased.",
            ),
            err=True,
        )
    raise typer.Exit(1 if wanted - sent else 0)


@commands.command()
def arrived(
    messages: Annotated[
        list[UUID], typer.Argument(help="Nachrichten, deren Message-ID im Protokoll des Mailservers steht")
    ],
    *,
    postgres_url: DatabaseUrlOption = None,
    password_file: _PasswordFile = None,
) -> None:
    """Hält fest, dass Nachrichten angekommen sind, deren Ausgang niemand kannte."""

    async def note(pool: Pool) -> frozenset[UUID]:
        returned, report = ReturnedMails(pool), DeliveryReport("delivered", "2.0.0")
        return frozenset(
            [message for message in messages if await returned.note(message, report, at=datetime.now(UTC))]
        )

    noted = _run(note, url=postgres_url, file=password_file)
    echo(
        said(
            de=f"{len(noted)} Nachrichten gelten als angekommen.",
            en=f"{len(noted)} messages count as arrived.",
        )
    )
    for message in sorted(set(messages) - noted):
        echo(
            said(
                de=f"{message}: unverändert. Ihr Ausgang ist bekannt, oder es gibt sie nicht.",
                en=f"{message}: unchanged. Its outcome is known, or there is no such message.",
            ),
            err=True,
        )
    raise typer.Exit(1 if set(messages) - noted else 0)


@commands.command("mailbox-keys")
def mailbox_keys(
    *,
    client: Annotated[str, typer.Option(help="Kennung der Plattform, die die Postfächer führt")],
    keys_file: Annotated[Path, typer.Option(help="die Datei aus AMTSWEG_MAILBOX__KEYS_FILE", exists=True)],
    as_json: JsonOption = False,
) -> None:
    """Zeigt, womit eine Plattform die Unterschrift unter Nachrichten an ihre Postfächer prüft."""
    text = secret_in(keys_file)
    try:
        secret, public = verification(WebhookKeys.from_text(text), client)
    except ValueError as bad:
        raise ended(said(de=f"{keys_file}: `{bad}`", en=f"{keys_file}: {bad}"), MISTAKE) from None
    if as_json:
        echo_json({"secret": secret, "publicKeys": public})
        return
    echo(said(de=f"v1, nur für {client}: {secret}", en=f"v1, for {client} only: {secret}"))
    for key in public:
        echo(f"v1a: {key}")


@commands.command("dkim-record")
def dkim_record(
    *,
    key_file: Annotated[Path, typer.Option(help="die Datei aus AMTSWEG_DKIM__KEY_FILE", exists=True)],
    selector: Annotated[str, typer.Option(help="der Name aus AMTSWEG_DKIM__SELECTOR")],
    domain: Annotated[str, typer.Option(help="die Domäne, die unterschreibt")],
    as_json: JsonOption = False,
) -> None:
    """Zeigt, was im DNS steht, damit Empfänger die Unterschrift (DKIM) unter unseren Mails prüfen können."""
    try:
        signer = DkimSigner.from_pem(read_bounded(key_file), domain=domain, selector=selector)
    except (OSError, ValueError):
        bits = f"{SHORTEST_BITS}–{LONGEST_BITS}"
        raise ended(
            said(
                de=f"{key_file}: Erwartet wird ein privater RSA-Schlüssel mit {bits} Bit (PEM, ohne Kennwort).",
                en=f"{key_file}: expected a private RSA key with {bits} bits (PEM, without password).",
            ),
            MISTAKE,
        ) from None
    if as_json:
        echo_json({"name": signer.record_name, "type": "TXT", "value": signer.record})
        return
    parts = [signer.record[at : at + _TXT_PART] for at in range(0, len(signer.record), _TXT_PART)]
    echo(f"{signer.record_name}. TXT " + " ".join(f'"{part}"' for part in parts))


def document(message: ListedMessage) -> dict[str, object]:
    """A message for programs."""
    return {
        "id": str(message.id),
        "caseId": str(message.case_id),
        "kind": message.kind,
        "revision": message.revision,
        "channel": message.channel,
        "state": message.state,
        "reason": message.reason,
        "attempts": message.attempts,
        "repeats": message.repeats,
        "since": utc(message.settled_at or message.created_at),
    }


def open_document(case: UnendedCase) -> dict[str, object]:
    """An open case for programs."""
    return {
        "caseId": str(case.case_id),
        "receiptNumber": case.receipt_number,
        "receivedAt": utc(case.received_at),
        "standing": case.standing,
        "authority": case.authority,
    }


def _open_line(case: UnendedCase) -> str:
    where = case.authority or said(de="bei keiner Stelle", en="with no authority")
    since = local_time(case.received_at, language())
    return f"{case.case_id}  {case.receipt_number}  {since}  {where}"


def _line(message: ListedMessage) -> str:
    since = message.settled_at or message.created_at
    repeated = said(
        de=f", davon {message.repeats} nach einem Abbruch wiederholt",
        en=f", {message.repeats} of them repeated after a break",
    )
    return (
        f"{message.id}  {said(de='Vorgang', en='case')} {message.case_id}  {in_words(message, language())}, "
        f"{said(de='Fassung', en='revision')} {message.revision}, "
        f"{message.attempts} {said(de='Versuche', en='attempts')}{repeated if message.repeats else ''}, {local_time(since, language())}"
    )


def _run(work: Callable[[Pool], Awaitable[_Result]], *, url: str | None, file: Path | None) -> _Result:
    async def connected() -> _Result:
        password = None if file is None else secret_in(file)
        address = url or StackDescription.read(stack_folder()).postgres.url
        async with await asked_pool(address, schema=SCHEMA, password=password, size=1) as pool:
            return await work(pool)

    return asyncio.run(connected())
