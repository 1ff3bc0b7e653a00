"""A planned message put into words, with the version of the texts that it was planned with."""

from collections.abc import Mapping, Sequence

from services.notifier.domain.deadlines.law import Law
from services.notifier.domain.facts import facts_of, period_of, variant_of
from services.notifier.domain.message import ApplicantMessage
from services.notifier.domain.rendering import MessageTexts, Names, Unrenderable, Words


class Writer:
    """``versions`` are all versions of the texts by name: a message keeps the one that it was planned with."""

    def __init__(self, versions: Mapping[str, MessageTexts], law: Law) -> None:
        self._versions = versions
        self._law = law

    def write(
        self,
        message: ApplicantMessage,
        names: Names,
        *,
        missing: Sequence[str] = (),
        repeated: bool = False,
    ) -> Words:
        """Return the message in the applicant's language; ``missing`` as `missing_items` has read it.

        ``repeated``: an earlier offer of the same message may have been taken.

        Raises:
            Unrenderable: its version of the texts is missing, or a fact that the law asks for.
        """
        texts = self._versions.get(message.templates)
        if texts is None:
            raise Unrenderable(f"there is no version {message.templates} of the texts")
        phrases = texts.phrases(message.language)
        deadline = period_of(message, self._law)
        facts = facts_of(message, names, self._law, phrases, deadline=deadline, listed=bool(missing))
        return texts.render(
            message.kind,
            message.language,
            facts,
            missing=missing,
            variant=variant_of(message, deadline),
            repeated=repeated,
        )
