"""Messages to applicants in words: what they are called, which way they go, how they stand and why; German first."""

from collections.abc import Mapping
from typing import Final

from amtsweg.code_words import GIVEN_UP, MESSAGE_STATES, BothLanguages
from services.notifier.adapters.postgres.operate import ListedMessage
from shared.case_history.words import MESSAGES
from shared.local_time import ReadIn

CHANNELS: Final[Mapping[str, BothLanguages]] = {
    "email": ("E-Mail", "e-mail"),
    "mailbox": ("Postfach", "mailbox"),
    "letter": ("Brief", "letter"),
}
REASONS: Final[Mapping[str, BothLanguages]] = {
    "address": ("keine brauchbare Adresse", "no usable address"),
    **GIVEN_UP,
    "bounced": ("zurückgekommen", "came back"),
    "suppressed": ("nicht versucht: eine frühere kam zurück", "not tried: an earlier one came back"),
    "list-missing": ("ohne Liste: die Behörde hat keine geliefert", "without the list: none has come"),
    "list-not-opened": (
        "ohne Liste: sie öffnet sich mit keinem unserer Schlüssel",
        "without the list: none of our keys opens it",
    ),
    "list-unreadable": ("ohne Liste: sie ist nicht lesbar", "without the list: it cannot be read"),
}


def word(words: Mapping[str, BothLanguages], key: str, language: ReadIn) -> str:
    """The words for a key, or the key itself where a newer release knows more."""
    return words.get(key, (key, key))[0 if language == "de" else 1]


def in_words(message: ListedMessage, language: ReadIn) -> str:
    """What the message is and how it stands, with the keys that commands take beside the names."""
    kind, channel = (
        word(words, key, language) for words, key in ((MESSAGES, message.kind), (CHANNELS, message.channel))
    )
    state = f"{word(MESSAGE_STATES, message.state, language)} ({message.state})"
    why = "" if message.reason is None else f", {word(REASONS, message.reason, language)} ({message.reason})"
    return f"{kind} ({message.kind}), {channel}: {state}{why}"
