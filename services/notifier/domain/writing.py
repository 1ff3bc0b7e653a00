"""A planned message put into words, with the version of the texts that it was planned with."""

from collections.abc import Mapping

from services.notifier.domain.deadlines.law import Law
from services.notifier.domain.facts import facts_of
from services.notifier.domain.message import Message
from services.notifier.domain.rendering import Names, Unrenderable, Wording, Words


class Writer:
    """``wordings`` are all versions of the texts by name: a message keeps the one that it was planned with."""

    def __init__(self, wordings: Mapping[str, Wording], law: Law) -> None:
        self._wordings = wordings
        self._law = law

    def write(self, message: Message, names: Names) -> Words:
        """Return the message in the applicant's language.

        Raises:
            Unrenderable: its version of the texts is missing, or a fact that the law asks for.
        """
        wording = self._wordings.get(message.templates)
        if wording is None:
            raise Unrenderable(f"there is no version {message.templates} of the texts")
        facts = facts_of(message, names, self._law, wording.phrases(message.language))
        return wording.render(message.kind, message.language, facts)
