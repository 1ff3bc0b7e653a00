import email
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from services.notifier.domain.mail import MailSender, compose
from services.notifier.domain.rendering import Unrenderable, Words
from tests.support.mails import (
    APPLICANT,
    FOLDER,
    KINDS,
    LANGUAGES,
    NAMES,
    SENDER,
    WRITER,
    golden,
    mail,
    message,
)


def parsed(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=SMTP)


@pytest.mark.parametrize(("file", "content"), list(golden()), ids=lambda value: getattr(value, "name", ""))
def test_every_mail_is_as_it_was(file: Path, content: bytes) -> None:
    assert content == file.read_bytes()


def test_there_is_no_golden_mail_that_nothing_writes() -> None:
    assert {file for file, _ in golden()} == set(FOLDER.rglob("*.eml"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_strict_parser_reads_what_was_written(kind: str, language: str) -> None:
    written = message(kind, language=language)  # type: ignore[arg-type] # one of the literals
    read = parsed(mail(written).content)
    assert not read.defects
    assert read["From"] == "Amtsweg – Verwaltungsportal <no-reply@amtsweg.example>"
    assert read["To"] == APPLICANT
    assert read["Message-ID"] == f"<{written.id}@amtsweg.example>"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Content-Language"] == language
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in read.iter_parts())
    assert written.receipt_number in text
    assert read["Subject"] == WRITER.write(written, NAMES).subject
    assert html.startswith("<!DOCTYPE html>")


def test_every_line_is_short_seven_bit_and_ends_as_smtp_wants() -> None:
    content = mail(message("receipt")).content
    assert content.endswith(b"\r\n")
    assert not re.search(rb"[^\r]\n|\r[^\n]|[^\x00-\x7f]", content)
    assert max(map(len, content.split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    "subject",
    [
        "Nummer",
        "Nummer AW-1",
        "Ä – Ö AW-2026-7F3K",
        "Vorgang Nümmer",
        "Ein =?utf-8?q?Trick?=",
        "Ü " * 60 + "AW-1",
        "S ",
    ],
)
def test_every_subject_is_read_as_it_was_written(subject: str) -> None:
    words = Words("de", subject=subject, text="Text\n", html="<p>Text</p>\n")
    now = datetime(2026, 1, 12, tzinfo=UTC)
    content = compose(message("receipt").id, words, sender=SENDER, recipient=APPLICANT, now=now).content
    assert parsed(content)["Subject"] == subject
    assert max(map(len, content.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("hostile", ["Amtsweg\r\nBcc: other@example.org", "Amtsweg\nX: y"])
def test_a_line_break_in_a_header_is_refused(hostile: str) -> None:
    words = Words("de", subject=hostile, text="Text\n", html="<p>Text</p>\n")
    sender = MailSender(name=hostile, address=SENDER.address, domain="amtsweg.example")
    now = datetime(2026, 1, 12, tzinfo=UTC)
    with pytest.raises(Unrenderable):
        compose(message("receipt").id, words, sender=SENDER, recipient=APPLICANT, now=now)
    with pytest.raises(Unrenderable):
        compose(
            message("receipt").id,
            Words("de", "S", "T\n", "H\n"),
            sender=sender,
            recipient=APPLICANT,
            now=now,
        )
