"""One message of every kind, and what the golden mails are made of; they are written by

python -m tests.support.mails
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import get_args

from services.notifier.adapters.template_files import read_texts
from services.notifier.domain.address import Address
from services.notifier.domain.mail import Mail, MailSender, compose
from services.notifier.domain.message import CURRENT_TEMPLATES, ApplicantMessage
from services.notifier.domain.rendering import REQUIRED, Names
from services.notifier.domain.writing import Writer
from shared.events.notification import MessageKind
from shared.events.submission import Language
from tests.support.events import CASE_ID, GIESSEN, RECEIPT, RECEIVED_AT, SUBMISSION_ID
from tests.support.law import hessian_law

FOLDER = Path(__file__).parents[1] / "golden" / "mail"
KINDS: tuple[MessageKind, ...] = get_args(MessageKind)
LANGUAGES: tuple[Language, ...] = get_args(Language)
NAMES = Names(
    service="Reisegewerbe Erlaubnis", authority="Magistrat der Universitätsstadt Gießen", sits_in="Gießen"
)
ITINERANT_TRADE = "99050023005000"
"""Three months, and silence is an approval: every fact of every message is known."""
SENDER = MailSender(
    name="Amtsweg – Verwaltungsportal", address=Address("no-reply@amtsweg.example"), domain="amtsweg.example"
)
APPLICANT = Address("erika.mustermann@example.org")

_SENT_AT = RECEIVED_AT + timedelta(days=1)


_SAMPLE = {
    "receipt_number": "A-2026-000123",
    "service": "Reisegewerbe Erlaubnis",
    "received_on": "12. Januar 2026",
    "authority": "Magistrat der Universitätsstadt Gießen",
    "period": "drei Monate",
    "starts": "vollständige Unterlagen; sie gelten am 15. Januar 2026 als eingegangen",
    "consequence": "ohne Entscheidung bis 15. April 2026 gilt die Erlaubnis als erteilt (§ 42a VwVfG)",
    "remedies": "Widerspruch binnen eines Monats bei der genannten Behörde; danach Klage, Verwaltungsgericht Gießen",
    "missing": "Führungszeugnis, Auszug aus dem Gewerbezentralregister",
    "supplement_received_on": "10. März 2026",
    "period_ends": "15. Mai 2026",
    "reason": "Die Prüfung ist besonders schwierig.",
    "status": "in Bearbeitung",
    "occurred_on": "10. April 2026",
    "fiction_from": "16. April 2026",
    "legal_basis": "§ 42a VwVfG, § 6a Abs. 1 GewO",
    "requirements": "PDF oder PDF/A, höchstens 20 MB, ohne Kennwort",
    "where": "Postfach Ihres Kontos bei der Plattform",
}

WRITER = Writer(read_texts(), hessian_law())


def message(
    kind: MessageKind, *, language: Language = "de", templates: str = CURRENT_TEMPLATES
) -> ApplicantMessage:
    return ApplicantMessage(
        case_id=CASE_ID,
        submission_id=SUBMISSION_ID,
        kind=kind,
        revision=1,
        occurred_at=RECEIVED_AT + timedelta(hours=20),
        receipt_number=RECEIPT.receipt_number,
        received_at=RECEIVED_AT,
        service=ITINERANT_TRADE,
        language=language,
        authority=None if kind in {"receipt", "clearing"} else GIESSEN,
        facts={"items": "2"} if kind == "incomplete" else {},
        templates=templates,
    )


def sample(kind: MessageKind) -> dict[str, str]:
    """Facts of an invented case, as far as this message says them."""
    return {name: _SAMPLE[name] for name in (*REQUIRED[kind], "service")}


def mail(written: ApplicantMessage) -> Mail:
    words = WRITER.write(written, NAMES)
    return compose(written.id, words, sender=SENDER, recipient=APPLICANT, now=_SENT_AT)


def golden() -> Iterator[tuple[Path, bytes]]:
    """Every kind in every language, written with the current texts."""
    for language in LANGUAGES:
        for kind in KINDS:
            file = FOLDER / CURRENT_TEMPLATES / f"{kind}.{language}.eml"
            yield file, mail(message(kind, language=language)).content


def main() -> None:
    for file, content in golden():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


if __name__ == "__main__":
    main()
