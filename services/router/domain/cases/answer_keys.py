"""The keys that a case's records have named to its authorities, so that the doors take a part that is sealed to one of them only."""

from typing import Final

from shared.events.sealed_answer import AnswerKeyNames, AnswerKeys, KeyName, SealingKeySet

MOST_NAMES: Final = 16
"""How many keys of one owner are remembered of a case, the newest; each of its records names at most five."""


def names_of(keys: AnswerKeys | None) -> AnswerKeyNames | None:
    """The names of these keys; None where there are none to know."""
    return None if keys is None else _more(AnswerKeyNames(), keys)


def more_names(known: AnswerKeyNames | None, keys: AnswerKeys | None) -> AnswerKeyNames | None:
    """What is known with the keys that a supplement names; nothing stays known where the submission's were not."""
    return known if known is None or keys is None else _more(known, keys)


def _more(known: AnswerKeyNames, keys: AnswerKeys) -> AnswerKeyNames:
    return AnswerKeyNames(
        content=_joined(known.content, keys.client), notice=_joined(known.notice, keys.notifier)
    )


def _joined(known: tuple[KeyName, ...], keys: SealingKeySet) -> tuple[KeyName, ...]:
    named = [KeyName(kid=key.kid, kind="RSA" if key.crv is None else key.crv) for key in keys.keys]
    return tuple(dict.fromkeys((*(each for each in known if each not in named), *named)))[-MOST_NAMES:]
