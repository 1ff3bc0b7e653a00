"""Writes a message for its channel and hands it to the channel's carrier."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from services.notifier.domain.address import address_of
from services.notifier.domain.bounces import ReturnPaths
from services.notifier.domain.letter import LetterSender, PrintedLetter
from services.notifier.domain.mail import MailSender, compose
from services.notifier.domain.missing import NoticeUnreadable, missing_items
from services.notifier.domain.notice import provision
from services.notifier.domain.reach import addressee_of, mailbox_of
from services.notifier.domain.rendering import Words
from services.notifier.domain.simulation import simulated_letter, simulated_mail, simulated_mailbox
from services.notifier.domain.writing import Writer
from services.notifier.handler.simulator import Simulator
from services.notifier.ports import (
    Claim,
    Clock,
    ContactNotOpened,
    Contacts,
    LetterBox,
    Mailboxes,
    Mailer,
    MailOutcome,
    NameDirectory,
    Signer,
    Withdrawn,
)
from shared.events.notification import Shortcoming
from shared.local_time import calendar_day

BeforeContent = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where every message is put into words and its contact opened."""

    contacts: Contacts
    directory: NameDirectory
    writer: Writer
    simulator: Simulator = field(default_factory=Simulator)

    def contact(self, claim: Claim) -> bytes:
        """The opened contact.

        Raises:
            ContactNotOpened: it was never received, or none of our keys opens it.
        """
        message = claim.message
        if isinstance(claim.contact, str):
            raise ContactNotOpened(f"case {message.case_id}: the contact was never received")
        return self.contacts.open(claim.contact, submission_id=message.submission_id)

    def words(self, claim: Claim) -> Words:
        """The message in words.

        Raises:
            Unrenderable: a template, or a fact that the law asks for, is missing.
        """
        message = claim.message
        names = self.directory.names(service=message.service, authority=message.authority)
        missing, _ = self.missing(claim)
        return self.writer.write(message, names, missing=missing, repeated=claim.repeats > 0)

    def missing(self, claim: Claim) -> tuple[Sequence[str], Shortcoming | None]:
        """What the authority has sealed to us for this message. Without it the message goes out, and says so to operators."""
        if claim.message.notice is None:
            return (), None
        if claim.notice is None:
            return (), "list-missing"
        try:
            opened = self.contacts.open_notice(claim.notice, submission_id=claim.message.submission_id)
            return missing_items(opened), None
        except ContactNotOpened:
            return (), "list-not-opened"
        except NoticeUnreadable:
            return (), "list-unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Carrier:
    """What all carriers share."""

    desk: Desk

    def lacks(self, claim: Claim) -> Shortcoming | None:
        return self.desk.missing(claim)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailCarrier(_Carrier):
    """Through a mail server. What it has not answered may be offered again: the Message-ID stays the same."""

    mailer: Mailer
    sender: MailSender
    clock: Clock
    return_paths: ReturnPaths | None = None
    signer: Signer | None = None

    async def carry(self, claim: Claim, *, before_content: BeforeContent) -> MailOutcome:
        recipient, now = address_of(self.desk.contact(claim)), self.clock()
        mail = compose(
            claim.message.id,
            self.desk.words(claim),
            sender=self.sender,
            recipient=recipient,
            now=now,
            return_path=None if self.return_paths is None else self.return_paths.of(claim.message.id),
        )
        if (played := self.desk.simulator.plays(simulated_mail(recipient), claim)) is not None:
            return await self.desk.simulator.answer(played, claim, before_content=before_content)
        if self.signer is not None:
            mail = replace(mail, content=self.signer.sign(mail.content, at=now))
        return await self.mailer.hand_over(mail, before_content=before_content)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxCarrier(_Carrier):
    """Into the platform's mailbox: the same id is the same notice, so that an unanswered one is offered again."""

    mailboxes: Mailboxes

    async def carry(self, claim: Claim, *, before_content: BeforeContent) -> MailOutcome:
        mailbox = mailbox_of(self.desk.contact(claim))
        notice = provision(claim.message, self.desk.words(claim), mailbox=mailbox)
        if (played := self.desk.simulator.plays(simulated_mailbox(mailbox), claim)) is not None:
            return await self.desk.simulator.answer(played, claim, before_content=before_content)
        if not await before_content():
            return Withdrawn()
        return await self.mailboxes.provide(notice)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterCarrier(_Carrier):
    """As a letter, dated with the day on which it was planned: written twice it is the same file."""

    letters: LetterBox
    sender: LetterSender

    async def carry(self, claim: Claim, *, before_content: BeforeContent) -> MailOutcome:
        letter = PrintedLetter(
            message_id=claim.message.id,
            sender=self.sender,
            addressee=addressee_of(self.desk.contact(claim)),
            on=calendar_day(claim.created_at),
            words=self.desk.words(claim),
        )
        if (played := self.desk.simulator.plays(simulated_letter(letter.addressee), claim)) is not None:
            return await self.desk.simulator.answer(played, claim, before_content=before_content)
        if not await before_content():
            return Withdrawn()
        return await self.letters.put(letter)
