"""What connects to what on each channel: its queue, who writes and who carries, and when that is tried again."""

import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from time import monotonic
from uuid import UUID

import orjson

from services.notifier.adapters.bounces import BounceServer
from services.notifier.adapters.contacts import SealedContacts
from services.notifier.adapters.delivery_metrics import DeliveryWatch
from services.notifier.adapters.directory_files import DirectoryFiles
from services.notifier.adapters.letters import LetterBucket, LetterFolder
from services.notifier.adapters.mailboxes import WebhookMailboxes
from services.notifier.adapters.maintenance import Resumed
from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.queue import PostgresQueue
from services.notifier.adapters.postgres.returns import ReturnedMails
from services.notifier.adapters.postgres.unread import UnreadInPostgres
from services.notifier.adapters.relays import Relay, RelayChain
from services.notifier.adapters.simulated_reports import SimulatedReports
from services.notifier.adapters.slow_domains import SlowDomainsApart
from services.notifier.adapters.smtp import MailServer, SmtpMailer
from services.notifier.adapters.template_files import read_texts
from services.notifier.app.parts import Common, rebuild
from services.notifier.domain.address import Address
from services.notifier.domain.bounces import DeliveryReport, ReturnPaths, keys_from
from services.notifier.domain.letter import LetterSender
from services.notifier.domain.mail import MailSender
from services.notifier.domain.retry import RetryPolicy
from services.notifier.domain.token_bucket import Pace
from services.notifier.domain.writing import Writer
from services.notifier.handler.carriers import Desk, EmailCarrier, LetterCarrier, MailboxCarrier
from services.notifier.handler.delivery import MailDelivery
from services.notifier.handler.send_loop import Rounds
from services.notifier.handler.simulator import Simulator
from services.notifier.ports import Carrier, LetterBox
from services.notifier.settings import (
    BounceListener,
    LetterOutlet,
    MailboxConnection,
    Settings,
    SmtpConnection,
)
from shared.backoff import Backoff
from shared.bounded_files import read_bounded
from shared.crypto.dkim import DkimSigner
from shared.crypto.jwe import OwnKey
from shared.crypto.webhook_signatures import WebhookKeys
from shared.events.submission import Channel
from shared.object_store import ObjectStore
from shared.service.clock import utc_now
from shared.service.follower import Follower
from shared.service.run import Component
from shared.settings import read_optional_secret, read_secret
from shared.web.egress import Egress

_MAILBOX_PATIENCE = RetryPolicy(ceiling=timedelta(days=1))
"""A platform that is away for longer is told by the next channel."""

_MAILBOX_AT_ONCE = 32
_IDLE_FOR_MAILS = timedelta(milliseconds=200)
"""Most messages are mails: the store is asked for them more often than for others."""

_UNREAD_AT_ONCE = 100
_LETTERS_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """One channel: ``part`` is its name in health, ``carried_by`` what operators read there."""

    channel: Channel
    part: str
    carried_by: str
    carrier: Carrier
    close: Callable[[], Awaitable[None]] | None = None
    patience: RetryPolicy = field(default_factory=RetryPolicy)
    side_by_side: int = 1
    per_second: float = 100.0
    idle: timedelta = timedelta(seconds=1)


def channels(settings: Settings, common: Common) -> Mapping[str, Component]:
    """The sending on every channel."""
    reports = _simulated_reports(common)
    desk = Desk(
        contacts=SealedContacts(_keys(settings.notifier_keys_file)),
        directory=DirectoryFiles(settings.directory, is_sensitive=common.law.names_sensitively),
        writer=Writer(read_texts(), common.law),
        simulator=Simulator(reports, frozenset(settings.sandbox_clients)),
    )
    ways = (_email(settings, desk, common), _mailbox(settings.mailbox, desk), _letters(settings, desk))
    parts: dict[str, Component] = {
        way.part: _sending(way, settings, common, simulator=desk.simulator) for way in ways
    }
    parts["simulated reports"] = Follower(reports, name="simulated reports", health=common.health)
    if settings.bounces is not None:
        parts["bounces"] = _bounces(settings.bounces, _return_paths(settings), common)
    return parts


def _simulated_reports(common: Common) -> SimulatedReports:
    returned = ReturnedMails(common.pool)
    return SimulatedReports(lambda message, report: returned.note(message, report, at=utc_now()))


def _sending(way: _Way, settings: Settings, common: Common, *, simulator: Simulator) -> Resumed:
    history = common.history()
    queue = PostgresQueue(common.pool, lease=settings.lease, history=history, channel=way.channel)
    observer = DeliveryWatch(
        common.health.part(way.carried_by),
        telemetry=common.telemetry,
        clock=utc_now,
        part=f"the {way.carried_by}",
    )
    courier = MailDelivery(
        queue=queue,
        carrier=way.carrier,
        clock=utc_now,
        patience=way.patience,
        law=common.law,
        random=Random(),
        observer=observer,
        pauses=Backoff,
    )
    condition = common.health.part(way.part)
    rounds = Rounds(
        queue=queue,
        courier=courier,
        replay=rebuild(common, history, condition=condition),
        monotonic=monotonic,
        observer=observer,
        side_by_side=way.side_by_side,
        pace=Pace.of(way.per_second, now=monotonic()),
        idle=way.idle,
        simulator=simulator,
        unread=_unread(common, history, settings.clock_ahead) if way.channel == "mailbox" else None,
    )
    return Resumed(way.part, rounds.run, condition=condition, close=way.close)


def _email(settings: Settings, desk: Desk, common: Common) -> _Way:
    first = _relay(settings.smtp, settings)
    mailer: SmtpMailer | RelayChain = first.mailer
    if settings.second_smtp is not None:
        second = _relay(settings.second_smtp, settings)
        second.pace = Pace.of(
            settings.second_smtp.per_second, now=monotonic()
        )  # the first one's is the channel's
        condition = common.health.part("mail servers")
        mailer = RelayChain([first, second], monotonic=monotonic, condition=condition)
    return _Way(
        channel="email",
        part="sending",
        carried_by="mail server",
        carrier=EmailCarrier(
            desk=desk,
            mailer=SlowDomainsApart(mailer, connections=settings.smtp.connections, monotonic=monotonic),
            sender=_sender(settings),
            clock=utc_now,
            return_paths=_return_paths(settings),
            signer=_signer(settings),
        ),
        close=mailer.close,
        side_by_side=4 * settings.smtp.connections,
        per_second=settings.smtp.per_second,
        idle=_IDLE_FOR_MAILS,
    )


def _signer(settings: Settings) -> DkimSigner | None:
    dkim = settings.dkim
    if dkim is None:
        return None
    domain = dkim.domain or _domain(settings).lower()
    return DkimSigner.from_pem(read_bounded(dkim.key_file), domain=domain, selector=dkim.selector)


def _return_paths(settings: Settings) -> ReturnPaths | None:
    bounces = settings.bounces
    if bounces is None:
        return None
    return ReturnPaths(bounces.domain or _domain(settings), keys_from(read_secret(bounces.keys_file)))


def _bounces(bounces: BounceListener, paths: ReturnPaths | None, common: Common) -> Follower:
    returned = ReturnedMails(common.pool)

    async def note(message: UUID, report: DeliveryReport) -> bool:
        return await returned.note(message, report, at=utc_now())

    if paths is None:
        raise ValueError("bounces are listened for where return paths are made")
    server = BounceServer(
        paths,
        note,
        host=bounces.host,
        port=bounces.port,
        condition=common.health.part("bounces"),
        telemetry=common.telemetry,
        tls=_certified(bounces),
    )
    return Follower(server, name="bounces", health=common.health)


def _certified(bounces: BounceListener) -> ssl.SSLContext | None:
    if bounces.certificate_file is None:
        return None
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(bounces.certificate_file, bounces.key_file)
    return tls


def _relay(smtp: SmtpConnection, settings: Settings) -> Relay:
    mailer = SmtpMailer(
        _mail_server(smtp, greeting=_domain(settings)),
        connections=smtp.connections,
        mails_per_connection=smtp.mails_per_connection,
    )
    return Relay(f"{smtp.host}:{smtp.port}", mailer)


def _letters(settings: Settings, desk: Desk) -> _Way:
    sender = LetterSender(name=settings.sender_name, line=settings.letters.return_address or "")
    return _Way(
        channel="letter",
        part="letters",
        carried_by="place for letters",
        carrier=LetterCarrier(desk=desk, letters=_letter_box(settings.letters), sender=sender),
        side_by_side=_LETTERS_AT_ONCE,
    )


def _letter_box(letters: LetterOutlet) -> LetterBox:
    if letters.store is not None:
        return LetterBucket(ObjectStore.of(letters.store))
    return LetterFolder(letters.folder)


def _mailbox(mailbox: MailboxConnection, desk: Desk) -> _Way:
    egress = Egress(allowed=mailbox.networks)
    keys = None if mailbox.keys_file is None else WebhookKeys.from_text(read_secret(mailbox.keys_file))
    mailboxes = WebhookMailboxes(
        mailbox.endpoints, egress=egress, keys=keys, clock=utc_now, seconds=mailbox.timeout.total_seconds()
    )
    return _Way(
        channel="mailbox",
        part="mailbox sending",
        carried_by="platforms' mailboxes",
        carrier=MailboxCarrier(desk=desk, mailboxes=mailboxes),
        close=egress.close,
        patience=_MAILBOX_PATIENCE,
        side_by_side=_MAILBOX_AT_ONCE,
    )


def _unread(common: Common, history: StoreHistory, ahead: timedelta) -> Callable[[], Awaitable[object]]:
    unread = UnreadInPostgres(common.pool, history=history, ahead=ahead)
    return lambda: unread.note(utc_now(), most=_UNREAD_AT_ONCE)


def _mail_server(smtp: SmtpConnection, *, greeting: str) -> MailServer:
    return MailServer(
        host=smtp.host,
        port=smtp.port,
        encryption=smtp.encryption,
        greeting=greeting,
        ca_file=smtp.ca_file,
        username=smtp.username,
        password=read_optional_secret(smtp.password_file),
        timeout=smtp.timeout.total_seconds(),
    )


def _sender(settings: Settings) -> MailSender:
    return MailSender(
        name=settings.sender_name, address=Address(settings.sender_address), domain=_domain(settings)
    )


def _domain(settings: Settings) -> str:
    return settings.sender_address.rpartition("@")[2]


def _keys(path: Path) -> list[OwnKey]:
    return [OwnKey(jwk) for jwk in orjson.loads(read_bounded(path))["keys"]]
