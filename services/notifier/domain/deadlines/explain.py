"""A deadline in words and as a document: every step with its day and the paragraph that asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.notifier.domain.deadlines.announcement import Announced, last_dispatches
from services.notifier.domain.deadlines.compute import Deadline
from services.notifier.domain.deadlines.explain_words import NUMBERS, WORDS
from services.notifier.domain.deadlines.law import DispatchChannel, Law
from shared.local_time import ReadIn, letter_day, weekday_name


@dataclass(frozen=True, slots=True)
class ExplanationStep:
    """One step of the computation, in words."""

    day: date | None
    paragraph: str
    text: str


def short(deadline: Deadline) -> dict[str, str | bool | None]:
    """Return the days alone, as in a batch; of a dispatch only where one was asked about."""
    return {
        "deemedReceived": deadline.deemed_received.isoformat(),
        "rawEnd": _iso(deadline.raw_end),
        "periodEnds": _iso(deadline.period_ends),
        "fictionFrom": _iso(deadline.fiction_from),
        "lastSafeDispatch": _iso(deadline.last_safe_dispatch),
        **({} if deadline.announced is None else _dispatched(deadline.announced)),
    }


def _dispatched(told: Announced) -> dict[str, str | bool | None]:
    return {
        "announcedOn": _iso(told.on),
        "inTime": told.in_time,
        "remedyUntil": _iso(told.remedy_until),
    }


def document(deadline: Deadline, law: Law) -> dict[str, Any]:
    """Return the days with the law behind them."""
    profile, service = deadline.profile, deadline.service
    return {
        **short(deadline),
        "earliestReading": _iso(deadline.careful),
        "lastSafeDispatchBy": {
            channel: day.isoformat() for channel, day in _last_by_channel(deadline, law).items()
        },
        "profile": profile.name,
        "deemed": profile.deemed,
        "onlyFor": (service.only_for if service else "") or None,
        "legalBasis": (service.legal_basis if service else "") or profile.legal_basis or None,
        "source": profile.source,
        "verified": profile.verified and (service is None or service.verified),
        "steps": [
            {"day": _iso(step.day), "paragraph": step.paragraph, "text": step.text}
            for step in steps(deadline, law)
        ],
    }


def explained(deadline: Deadline, law: Law, language: ReadIn = "de") -> str:
    """Return the deadline in words, one step a line."""
    return "\n".join(f"{step.text} ({step.paragraph})" for step in steps(deadline, law, language))


def steps(deadline: Deadline, law: Law, language: ReadIn = "de") -> list[ExplanationStep]:
    """Return every step in its order; holidays and paragraphs keep their official names."""
    told = _Explanation(deadline, law, language)
    return [*told.receipt(), *told.period(), *told.consequences(), *told.dispatch()]


class _Explanation:
    def __init__(self, deadline: Deadline, law: Law, language: ReadIn) -> None:
        self._deadline = deadline
        self._law = law
        self._language = language

    def _say(self, words: str, **blanks: object) -> str:
        return WORDS[words][0 if self._language == "de" else 1].format(**blanks)

    def _on(self, words: str, day: date, paragraph: str, **blanks: object) -> ExplanationStep:
        told = letter_day(day, self._language, weekday=True)
        return ExplanationStep(day, paragraph, self._say(words, day=told, **blanks))

    def _length(self, number: int, unit: str) -> str:
        words = f"one-{unit}" if number == 1 else f"many-{unit}"
        return self._say(words, number=NUMBERS.get(number, (str(number),) * 2)[self._language == "en"])

    def receipt(self) -> list[ExplanationStep]:
        deadline, inquiry = self._deadline, self._deadline.inquiry
        by_contact = inquiry.via == "single-contact"
        place = self._say(inquiry.via)
        days = [self._on("received", inquiry.received_on, "§ 187 Abs. 1 BGB", place=place)]
        if inquiry.completed_on is not None:
            counts = deadline.profile.starts == "complete-documents"
            words = "completed" if counts else "completed-in-vain"
            days.append(self._on(words, inquiry.completed_on, "§ 71b Abs. 4 VwVfG", place=place))
        if by_contact:
            days.append(self._on("deemed-received", deadline.deemed_received, "§ 71b Abs. 2 VwVfG"))
        return days

    def period(self) -> list[ExplanationStep]:
        deadline, profile = self._deadline, self._deadline.profile
        basis = profile.legal_basis or self._say("special-law")
        if deadline.started_by is None:
            return [ExplanationStep(None, basis, self._say("not-begun"))]
        if deadline.period_ends is None or profile.length is None:
            return [ExplanationStep(None, basis, self._say("no-period"))]
        length = self._length(profile.length, profile.unit)
        paragraph = "§ 188 Abs. 2, 3 BGB" if profile.unit == "months" else "§ 188 Abs. 1 BGB"
        raw, ends = deadline.raw_end or deadline.period_ends, deadline.period_ends
        first, before = deadline.raw_end_before_extension or raw, deadline.ended_before_extension or ends
        return [
            ExplanationStep(deadline.started_by, basis, self._say("period", length=length)),
            self._on("raw-end", first, paragraph),
            *self._moved(first, before),
            *self._extension(deadline.ended_before_extension, raw, basis),
        ]

    def _extension(self, before: date | None, raw: date, basis: str) -> list[ExplanationStep]:
        deadline, months = self._deadline, self._deadline.inquiry.extended_by
        if before is None or deadline.period_ends is None:
            return []
        length = self._say("by-a-month") if months == 1 else self._length(months, "months")
        extended = self._on("extended", raw, f"{basis}, § 190 BGB", length=length)
        return [extended, *self._moved(raw, deadline.period_ends)]

    def _moved(self, raw: date, ends: date) -> list[ExplanationStep]:
        if raw == ends:
            return []
        why = self._law.calendar.holiday(raw) or weekday_name(raw, self._language)
        return [self._on("moved", ends, "§ 31 Abs. 3 VwVfG, § 193 BGB", why=why)]

    def consequences(self) -> list[ExplanationStep]:
        deadline, basis = self._deadline, self._deadline.profile.legal_basis
        found = []
        if deadline.fiction_from is not None:
            only = deadline.service.only_for if deadline.service else ""
            step = self._on(f"deemed-{deadline.profile.deemed}", deadline.fiction_from, basis)
            found.append(replace(step, text=step.text + (f", {only}" if only else "")))
            if deadline.latest_end is not None and deadline.latest_end != deadline.period_ends:
                found.append(
                    self._on("told-after", deadline.latest_end, "§ 190, § 187 Abs. 2, § 188 Abs. 2 BGB")
                )
        if (last := deadline.last_safe_dispatch) is not None:
            if _announced(deadline):
                found.append(self._on("last-announced", last, "§ 41 Abs. 2 VwVfG, § 9 Abs. 1 OZG"))
                found += self._last_elsewhere()
            else:
                found.append(self._on("last-sent", last, basis))
        if deadline.careful is not None and deadline.careful != deadline.last_safe_dispatch:
            found.append(self._on("careful", deadline.careful, "§ 31 Abs. 3, § 71b Abs. 2 VwVfG"))
        return found

    def _last_elsewhere(self) -> list[ExplanationStep]:
        """Where the day of announcement follows another rule: by post to another country, in a portal."""
        last = _last_by_channel(self._deadline, self._law)
        found = []
        if (day := last.get("letter-abroad")) is not None:
            found.append(self._on("last-abroad", day, "§ 71b Abs. 6 VwVfG"))
        if (day := last.get("portal")) is not None:
            found.append(self._on("last-portal", day, "§ 41 Abs. 2a VwVfG"))
        return found

    def dispatch(self) -> list[ExplanationStep]:
        told = self._deadline.announced
        if told is None:
            return []
        sent, basis = told.dispatch, told.rule.legal_basis
        found = [self._on(f"sent-{sent.by}", sent.on, basis)]
        if sent.retrieved_on is not None:
            found.append(self._on("retrieved", sent.retrieved_on, basis))
        if told.on is None:
            days = told.rule.retrieved_within
            found.append(ExplanationStep(None, basis, self._say("not-announced", number=days)))
        else:
            found.append(self._on("announced", told.on, basis))
        if told.in_time is not None:
            words = "in-time" if told.in_time else "too-late"
            found.append(ExplanationStep(None, self._deadline.profile.legal_basis, self._say(words)))
        if told.remedy_until is not None:
            found.append(self._on("remedy-until", told.remedy_until, "§ 70, § 74 VwGO"))
        return found


def _last_by_channel(deadline: Deadline, law: Law) -> Mapping[DispatchChannel, date]:
    ends = deadline.period_ends
    return last_dispatches(ends, law) if ends is not None and _announced(deadline) else {}


def _announced(deadline: Deadline) -> bool:
    return deadline.profile.kept_by == "announcement"


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
