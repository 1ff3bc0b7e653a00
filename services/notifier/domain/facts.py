"""The facts of a message in words of its language: from the receipt, from the law, and from what was planned."""

from collections.abc import Callable, Mapping
from datetime import date

from services.notifier.domain.deadlines.compute import Deadline
from services.notifier.domain.deadlines.law import Law
from services.notifier.domain.message import ApplicantMessage
from services.notifier.domain.period import Progress, deadline_of
from services.notifier.domain.remedies import remedy_of
from services.notifier.domain.rendering import REQUIRED, Names, Phrases, Variant
from shared.local_time import ReadIn, calendar_day, letter_day, letter_time


def period_of(message: ApplicantMessage, law: Law) -> Deadline | None:
    """The period that the message speaks of, as it stood when the message was planned."""
    return deadline_of(message.service, message.received_at, law, Progress.read(message.facts))


def facts_of(
    message: ApplicantMessage,
    names: Names,
    law: Law,
    phrases: Phrases,
    *,
    deadline: Deadline | None,
    listed: bool,
) -> Mapping[str, str]:
    """Return every fact that the message says and that is known; the renderer refuses where one is missing.

    ``listed``: what is missing follows item by item; else the message says where the list lies.
    """
    told = _Telling(message, names, law, phrases, deadline=deadline, listed=listed)
    facts = {"service": names.service, **{fact: told.fact(fact) for fact in REQUIRED[message.kind]}}
    if message.kind == "acknowledgement":
        facts["legal_basis"] = told.confirmation()
    if message.kind == "extension":
        facts["legal_basis"] = told.extension()
    if message.kind == "supplement":
        facts["authority"] = names.authority
    return {name: value for name, value in facts.items() if value}


def variant_of(message: ApplicantMessage, deadline: Deadline | None) -> Variant | None:
    """Which words the law of the service asks for, where those of most services would be wrong."""
    profile = None if deadline is None else deadline.profile
    match message.kind:
        case "receipt" if profile is None or profile.kept_by == "dispatch":
            return "certified" if profile is not None and profile.confirmation else "no_period"
        case "incomplete" if profile is None or profile.length is None:
            return "no_period"
        case "incomplete" if profile is not None and profile.starts == "receipt":
            return "runs"
        case "deemed-approval" | "certificate" if profile is not None and profile.deemed == "entry":
            return "entry"
    return None


class _Telling:
    def __init__(
        self,
        message: ApplicantMessage,
        names: Names,
        law: Law,
        phrases: Phrases,
        *,
        deadline: Deadline | None,
        listed: bool,
    ) -> None:
        self._listed = listed
        self._message = message
        self._names = names
        self._law = law
        self._phrases = phrases
        self._say = phrases.say
        self._language: ReadIn = "en" if phrases.language == "en" else "de"
        self._deadline = deadline

    def fact(self, name: str) -> str | None:
        """Return the fact, or None where it is not known."""
        ways: Mapping[str, Callable[[], str | None]] = {
            "receipt_number": lambda: self._message.receipt_number,
            "received_on": lambda: letter_time(self._message.received_at, self._language),
            "authority": lambda: self._names.authority,
            "occurred_on": lambda: letter_day(calendar_day(self._message.occurred_at), self._language),
            "supplement_received_on": lambda: letter_time(self._message.occurred_at, self._language),
            "where": lambda: self._say("where"),
            "status": lambda: self._say("in_progress"),
            "requirements": lambda: self._say("requirements"),
            "reason": lambda: self._say("reason_complexity"),
            "missing": self._missing,
            "remedies": self._remedies,
        }
        if name in ways:
            return ways[name]()
        return None if self._deadline is None else self._of_period(name, self._deadline)

    def confirmation(self) -> str | None:
        """The paragraph that asks for a confirmation, where one does."""
        return None if self._deadline is None else self._deadline.profile.confirmation

    def extension(self) -> str | None:
        """The paragraph that lets the authority take more time: the procedure's, not that of every fiction."""
        return None if self._deadline is None else self._deadline.profile.legal_basis

    def _of_period(self, name: str, deadline: Deadline) -> str | None:
        ways: Mapping[str, Callable[[Deadline], str | None]] = {
            "period": self._period,
            "starts": self._starts,
            "consequence": self._consequence,
            "period_ends": lambda found: self._day(found.period_ends),
            "fiction_from": lambda found: self._day(_told_day(self._message) or found.fiction_from),
            "legal_basis": _legal_basis,
        }
        return ways[name](deadline)

    def _day(self, day: date | None) -> str | None:
        return None if day is None else letter_day(day, self._language)

    def _starts(self, deadline: Deadline) -> str:
        by_documents = deadline.profile.starts == "complete-documents"
        return self._say(
            "starts_complete" if by_documents else "starts_receipt",
            deemed_received=letter_day(deadline.deemed_received, self._language),
        )

    def _period(self, deadline: Deadline) -> str:
        profile, ends = deadline.profile, deadline.period_ends
        if profile.length is None:
            return self._say("no_period")
        unit = "one_month" if (profile.unit, profile.length) == ("months", 1) else profile.unit
        length = self._say(unit, number=str(profile.length))
        if ends is None:
            return self._say("period_waits", length=length)
        return self._say("period_until", length=length, period_ends=letter_day(ends, self._language))

    def _consequence(self, deadline: Deadline) -> str:
        deemed = deadline.profile.deemed
        if deemed == "none":
            return self._say("consequence_none")
        if deadline.fiction_from is None:  # documents are missing: it follows, and no day can be named yet
            said = self._say(f"consequence_{deemed}_waits")
        else:
            fiction = letter_day(deadline.fiction_from, self._language)
            said = self._say(f"consequence_{deemed}", fiction_from=fiction)
        service = deadline.service
        only = "" if service is None else service.only_for_en if self._language == "en" else service.only_for
        return self._say("consequence_only", consequence=said, only_for=only) if only else said

    def _missing(self) -> str:
        items = int(self._message.facts.get("items", "1"))
        phrase = "missing_item" if items == 1 else "missing_items"
        return self._say(phrase if self._listed else f"{phrase}_elsewhere", number=str(items))

    def _remedies(self) -> str | None:
        """Without court or seat a certificate says nothing of a remedy: it would be a wrong instruction (§ 58 VwGO)."""
        deadline, authority, place = self._deadline, self._message.authority, self._names.sits_in
        if deadline is None or authority is None:
            return None
        remedy = remedy_of(deadline, authority, place, self._law)
        certifies = self._message.kind == "certificate"
        if remedy.kind == "none":
            return self._say("remedy_none")
        if remedy.kind == "action" and remedy.court is None:
            return None if certifies else self._say("remedy_action_open")
        if remedy.court is not None:
            return self._remedy("remedy_action", court=remedy.court)
        body = ", ".join(filter(None, (self._names.authority, place)))
        return self._remedy("remedy_objection", body=body) if body and (place or not certifies) else None

    def _remedy(self, phrase: str, **against: str) -> str:
        """Against what silence has approved, the month begins with its certificate: no decision is announced."""
        certified = f"{phrase}_certified"
        known = self._message.kind == "certificate" and self._phrases.knows(certified)
        return self._say(certified if known else phrase, **against)


def _told_day(message: ApplicantMessage) -> date | None:
    """The day that the router has concluded; what the tables say by now may be another."""
    told = message.facts.get("fictionFrom")
    return None if told is None else date.fromisoformat(told)


def _legal_basis(deadline: Deadline) -> str | None:
    own = deadline.service.legal_basis if deadline.service else ""
    return own or deadline.profile.legal_basis
