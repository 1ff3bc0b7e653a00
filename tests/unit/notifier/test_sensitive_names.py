"""A name that says something about its applicant stands in no mail: neither in its subject nor in its texts."""

import email
from email.policy import SMTP
from functools import cache

import pytest

from services.notifier.adapters.directory_files import DirectoryFiles
from services.notifier.domain.mail import compose
from services.notifier.domain.rendering import Names
from shared.events.notification import MessageKind
from shared.events.submission import Language
from tests.support.events import GIESSEN
from tests.support.mails import APPLICANT, ITINERANT_TRADE, KINDS, LANGUAGES, SENDER, WRITER, message
from tests.support.routing import HESSEN


@cache
def _names(*, sensitive: bool) -> Names:
    folder = DirectoryFiles(HESSEN, is_sensitive=lambda _: sensitive)
    return folder.names(service=ITINERANT_TRADE, authority=GIESSEN)


def _written(kind: MessageKind, language: Language, *, sensitive: bool) -> str:
    """Subject and both texts of the mail, as its reader sees them."""
    told = message(kind, language=language)
    words = WRITER.write(told, _names(sensitive=sensitive))
    sent = compose(told.id, words, sender=SENDER, recipient=APPLICANT, now=told.occurred_at)
    read = email.message_from_bytes(sent.content, policy=SMTP)
    text = " ".join([str(read["Subject"]), *(part.get_content() for part in read.iter_parts())])
    return " ".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_no_mail_about_a_sensitive_service_names_it(kind: MessageKind, language: Language) -> None:
    name = _names(sensitive=False).service
    written = _written(kind, language, sensitive=True)
    assert name is not None
    assert name not in written
    assert message(kind, language=language).receipt_number in written


def test_other_services_are_named() -> None:
    assert str(_names(sensitive=False).service) in _written("receipt", "de", sensitive=False)
