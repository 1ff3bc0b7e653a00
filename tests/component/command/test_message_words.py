"""Operators read names beside keys, in one language: every key that a message can have has its words."""

from collections.abc import Mapping
from typing import get_args
from uuid import UUID

import pytest

from amtsweg.code_words import MESSAGE_STATES, BothLanguages
from amtsweg.message_words import CHANNELS, REASONS, in_words
from services.notifier.adapters.postgres.operate import ListedMessage
from services.notifier.domain.message import MessageState
from shared.case_history.words import MESSAGES
from shared.events.notification import FailureReason, MessageKind, Settlement, Shortcoming
from shared.events.submission import Channel
from tests.support.events import CASE_ID, RECEIVED_AT

MESSAGE = ListedMessage(
    id=UUID(int=1),
    case_id=CASE_ID,
    kind="completion",
    revision=1,
    channel="email",
    state="sent",
    reason=None,
    attempts=1,
    repeats=0,
    created_at=RECEIVED_AT,
    due_at=RECEIVED_AT,
    settled_at=RECEIVED_AT,
)


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (MESSAGES, get_args(MessageKind)),
        (CHANNELS, get_args(Channel)),
        (MESSAGE_STATES, (*get_args(get_args(MessageState)[0]), *get_args(Settlement))),
        (REASONS, (*get_args(FailureReason), *get_args(Shortcoming))),
    ],
)
def test_every_key_has_words_in_both_languages(
    words: Mapping[str, BothLanguages], keys: tuple[str, ...]
) -> None:
    assert set(keys) <= words.keys()
    assert all(german != english for german, english in words.values())


def test_a_name_stands_beside_its_key() -> None:
    assert in_words(MESSAGE, "de") == "Verfahren abgeschlossen (completion), E-Mail: versandt (sent)"
    assert in_words(MESSAGE, "en") == "procedure completed (completion), e-mail: sent (sent)"
