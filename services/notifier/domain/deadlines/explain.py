"""A deadline in words and as a document: every step with its day and the paragraph that asks for it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from services.notifier.domain.deadlines.calendar import Calendar, after_months
from services.notifier.domain.deadlines.compute import Deadline, last_dispatches
from services.notifier.domain.deadlines.law import Law
from shared.local_time import letter_day, weekday_name

_NUMBERS = {1: "ein", 2: "zwei", 3: "drei", 4: "vier", 5: "fünf", 6: "sechs"}


@dataclass(frozen=True, slots=True)
class ExplanationStep:
    """One step of the computation, in German."""

    day: date | None
    paragraph: str
    text: str


def short(deadline: Deadline) -> dict[str, str | None]:
    """Return the days alone, as in a batch."""
    return {
        "deemedReceived": deadline.deemed_received.isoformat(),
        "rawEnd": _iso(deadline.raw_end),
        "periodEnds": _iso(deadline.period_ends),
        "fictionFrom": _iso(deadline.fiction_from),
        "lastSafeDispatch": _iso(deadline.last_safe_dispatch),
    }


def document(deadline: Deadline, law: Law) -> dict[str, Any]:
    """Return the days with the law behind them."""
    ends, profile, service = deadline.period_ends, deadline.profile, deadline.service
    return {
        **short(deadline),
        "earliestReading": _iso(deadline.careful),
        "lastSafeDispatchBy": {
            channel: day.isoformat()
            for channel, day in (last_dispatches(ends, law) if _announced(deadline) and ends else {}).items()
        },
        "profile": profile.name,
        "deemed": profile.deemed,
        "onlyFor": (service.only_for if service else "") or None,
        "legalBasis": (service.legal_basis if service else "") or profile.legal_basis or None,
        "source": profile.source,
        "verified": profile.verified and (service is None or service.verified),
        "steps": [
            {"day": _iso(step.day), "paragraph": step.paragraph, "text": step.text}
            for step in steps(deadline, law.calendar)
        ],
    }


def explain_de(deadline: Deadline, law: Law) -> str:
    """Return the deadline in German, one step a line."""
    return "\n".join(f"{step.text} ({step.paragraph})" for step in steps(deadline, law.calendar))


def steps(deadline: Deadline, calendar: Calendar) -> list[ExplanationStep]:
    """Return every step in its order."""
    return [*_receipt(deadline), *_period(deadline, calendar), *_consequences(deadline)]


def _receipt(deadline: Deadline) -> list[ExplanationStep]:
    inquiry, deemed = deadline.inquiry, deadline.deemed_received
    by_contact = inquiry.via == "single-contact"
    place = "bei der einheitlichen Stelle" if by_contact else "bei der Behörde"
    days = [
        ExplanationStep(
            inquiry.received_on,
            "§ 187 Abs. 1 BGB",
            f"Eingang {place}: {letter_day(inquiry.received_on, weekday=True)}",
        ),
    ]
    counts = deadline.profile.starts == "complete-documents"
    if inquiry.completed_on is not None:
        effect = "" if counts else "; sie ändern am Lauf der Frist nichts"
        days.append(
            ExplanationStep(
                inquiry.completed_on,
                "§ 71b Abs. 4 VwVfG",
                f"Fehlende Unterlagen {place}: {letter_day(inquiry.completed_on, weekday=True)}{effect}",
            )
        )
    if by_contact:
        text = f"Bei der Behörde gilt das am dritten Tag danach als eingegangen: {letter_day(deemed, weekday=True)}"
        days.append(ExplanationStep(deemed, "§ 71b Abs. 2 VwVfG", text))
    return days


def _period(deadline: Deadline, calendar: Calendar) -> list[ExplanationStep]:
    profile, start = deadline.profile, deadline.started_by
    basis = profile.legal_basis or "Fachrecht"
    if start is None:
        return [ExplanationStep(None, basis, "Die Frist beginnt erst, wenn alle Unterlagen vorliegen")]
    if deadline.period_ends is None or profile.length is None:
        return [ExplanationStep(None, basis, "Für die Behörde ist keine Frist bestimmt")]
    unit = "Tage" if profile.unit == "days" else "Monate"
    length = f"{_NUMBERS.get(profile.length, str(profile.length))} {unit}"
    before = deadline.ended_before_extension
    found = [ExplanationStep(start, basis, f"Frist: {length}, der Tag des Eingangs zählt nicht mit")]
    if before is not None:
        months = deadline.inquiry.extended_by
        raw = after_months(before, months)
        found.append(
            ExplanationStep(
                before, "§ 31 Abs. 3 VwVfG", f"Ende ohne Verlängerung: {letter_day(before, weekday=True)}"
            )
        )
        length = "einen Monat" if months == 1 else f"{_NUMBERS.get(months, str(months))} Monate"
        text = f"Verlängert um {length}, vom alten Ende an gerechnet: {letter_day(raw, weekday=True)}"
        found.append(ExplanationStep(raw, "§ 42a Abs. 2 VwVfG, § 190 BGB", text))
    raw = deadline.raw_end or deadline.period_ends
    if before is None:
        paragraph = "§ 188 Abs. 2, 3 BGB" if profile.unit == "months" else "§ 188 Abs. 1 BGB"
        found.append(ExplanationStep(raw, paragraph, f"Rechnerisches Ende: {letter_day(raw, weekday=True)}"))
    if raw != deadline.period_ends:
        why = calendar.holiday(raw) or weekday_name(raw)
        text = f"Das ist kein Werktag ({why}); die Frist endet am nächsten: {letter_day(deadline.period_ends, weekday=True)}"
        found.append(ExplanationStep(deadline.period_ends, "§ 31 Abs. 3 VwVfG, § 193 BGB", text))
    return found


def _consequences(deadline: Deadline) -> list[ExplanationStep]:
    found = []
    if deadline.fiction_from is not None:
        what = "Genehmigung" if deadline.profile.deemed == "approval" else "Eintragung"
        only = deadline.service.only_for if deadline.service else ""
        text = (
            f"Ohne Bescheid gilt die {what} als erteilt ab {letter_day(deadline.fiction_from, weekday=True)}"
        )
        found.append(
            ExplanationStep(
                deadline.fiction_from, deadline.profile.legal_basis, text + (f", {only}" if only else "")
            )
        )
    if deadline.last_safe_dispatch is not None:
        last = deadline.last_safe_dispatch
        if _announced(deadline):
            text = f"Spätestens abzusenden, damit der Bescheid noch in der Frist als bekannt gegeben gilt: {letter_day(last, weekday=True)}"
            found.append(ExplanationStep(last, "§ 41 Abs. 2 VwVfG, § 9 Abs. 1 OZG", text))
        else:
            found.append(
                ExplanationStep(
                    last,
                    deadline.profile.legal_basis,
                    f"Spätestens abzusenden: {letter_day(last, weekday=True)}",
                )
            )
    if deadline.careful is not None and deadline.careful != deadline.last_safe_dispatch:
        text = f"Nach der strengsten Lesart abzusenden bis: {letter_day(deadline.careful, weekday=True)}"
        found.append(ExplanationStep(deadline.careful, "§ 31 Abs. 3, § 71b Abs. 2 VwVfG", text))
    return found


def _announced(deadline: Deadline) -> bool:
    return deadline.profile.kept_by == "announcement"


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
