"""Parts of a process that do not work, as the console shows them, and reasons in both languages."""

from dataclasses import asdict

from services.router.domain.cases.process import AilingPart, ProcessReport
from shared.events.payload import WireModel
from shared.local_time import ReadIn
from shared.telemetry.part_words import words_for
from shared.telemetry.reason_words import reason_words


class WordsDocument(WireModel):
    """A sentence in both languages."""

    de: str
    en: str


class PartWordsDocument(WireModel):
    """A part in one language: its name, why it does not work, what is missing meanwhile, and what helps."""

    name: str
    why: str
    means: str
    do: str


class AilingPartDocument(WireModel):
    """``reason`` is what the service says of itself, in English as its log is; ``why`` says it in words."""

    name: str
    standing: str
    reason: str
    de: PartWordsDocument
    en: PartWordsDocument


def reason_document(reason: str) -> WordsDocument:
    """The reason in both languages; an unknown one is shown as technical text."""
    return WordsDocument(de=reason_words(reason, "de"), en=reason_words(reason, "en"))


def ailing_parts(report: ProcessReport) -> tuple[AilingPartDocument, ...]:
    """The parts of this process that are not ready."""
    return tuple(
        AilingPartDocument(
            name=each.name,
            standing=each.standing,
            reason=each.reason,
            de=_words(report.name, each, "de"),
            en=_words(report.name, each, "en"),
        )
        for each in report.ailing
    )


def _words(process: str, part: AilingPart, language: ReadIn) -> PartWordsDocument:
    return PartWordsDocument(**asdict(words_for(process, part.name, part.reason, language=language)))
