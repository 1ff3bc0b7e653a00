"""The words of a message: what the law asks it to say is said, or nothing is put into words.

The authority, not the platform, is named as the issuer of what it must say itself (§ 71b Abs. 3, 4, § 42a VwVfG).
No value comes from the applicant. What is missing says the authority in its own words; no value may become a link.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any, Literal

from jinja2 import DictLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared.events.notification import MessageKind
from shared.events.submission import Language

_ALWAYS = ("receipt_number", "received_on")
REQUIRED: Mapping[MessageKind, tuple[str, ...]] = {
    "receipt": _ALWAYS,
    "clearing": _ALWAYS,
    "forwarded": (*_ALWAYS, "authority"),
    # § 71b Abs. 3: day of receipt at the single contact, period, what starts it, consequence, remedies
    "acknowledgement": (*_ALWAYS, "authority", "period", "starts", "consequence", "remedies"),
    "status": (*_ALWAYS, "authority", "status"),  # § 71d
    "incomplete": (*_ALWAYS, "authority", "missing"),  # § 71b Abs. 4
    "supplement": (*_ALWAYS, "supplement_received_on"),  # § 71b Abs. 4; also where nobody is competent yet
    "unreadable": (*_ALWAYS, "authority", "requirements"),  # § 3a Abs. 4
    "extension": (*_ALWAYS, "authority", "period_ends", "reason"),  # § 42a Abs. 2: its end, with reasons
    "decision": (*_ALWAYS, "authority", "occurred_on", "where"),
    "deemed-approval": (*_ALWAYS, "authority", "fiction_from", "legal_basis"),
    # § 42a Abs. 3, § 37 Abs. 6
    "certificate": (*_ALWAYS, "authority", "fiction_from", "legal_basis", "remedies"),
    "trade-certificate": (*_ALWAYS, "authority", "occurred_on", "where"),  # § 15 Abs. 1 GewO
    "completion": (*_ALWAYS, "authority", "occurred_on"),  # Art. 6 Abs. 2 SDG
}
"""The facts of each message, in the order in which they are said."""

Variant = Literal["certified", "no_period", "runs", "entry"]
"""What differs by the law of the service: the authority certifies the receipt and decides nothing; the law sets no period;
it runs from the receipt, complete or not; silence counts as an entry."""

_OPTIONAL = ("service", "authority", "legal_basis")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0080-\u009f\u2028\u2029]")
LINK = re.compile(r"://|www\.|@|mailto:", re.IGNORECASE)
"""What mail programs turn into a link."""


class Unrenderable(Exception):  # noqa: N818 - what the message is, in the project's vocabulary
    """A message cannot be put into words; the text names what is wrong, never a value."""


@dataclass(frozen=True, slots=True)
class Names:
    """What service and authority are called, where the directory knows them; ``sits_in`` is the authority's seat."""

    service: str | None
    authority: str | None
    sits_in: str | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """The parts of a message in the order in which they are read; ``facts`` are labels with what they are."""

    heading: str = ""
    greeting: str = ""
    lead: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    effect: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A message in words. ``html`` is a complete document, ``subject`` one line without case content."""

    language: Language
    subject: str
    text: str
    html: str
    outline: Outline = Outline()


@dataclass(frozen=True, slots=True)
class Phrases:
    """Parts of sentences in one language; ``$name`` stands for a value."""

    language: Language
    _templates: Mapping[str, str]

    def say(self, phrase: str, **values: str) -> str:
        """Return the phrase with these values."""
        return Template(self._templates[phrase]).substitute(values)

    def knows(self, phrase: str) -> bool:
        """Whether this version has it; an older one may not."""
        return phrase in self._templates


class MessageTexts:
    """One version of the texts: ``texts`` by language, and the two layouts ``layout.txt`` and ``layout.html``."""

    def __init__(self, texts: Mapping[str, Mapping[str, Any]], layouts: Mapping[str, str]) -> None:
        self._texts = texts
        self._text = _sandbox(layouts, autoescape=False)
        self._html = _sandbox(layouts, autoescape=True)

    def phrases(self, language: Language) -> Phrases:
        """Return what facts are put into words with."""
        return Phrases(language, self._texts[language]["phrases"])

    def render(
        self,
        kind: MessageKind,
        language: Language,
        facts: Mapping[str, str],
        *,
        missing: Sequence[str] = (),
        variant: Variant | None = None,
        repeated: bool = False,
    ) -> Words:
        """Put the message into words; ``missing`` are the authority's own, item by item.

        ``variant``: what the law of the service changes. ``repeated``: the reader may have this message already.

        Raises:
            Unrenderable: a fact that the law asks for is missing or empty, one is not of this message, or a
                value holds a control character or what mail programs would turn into a link.
        """
        _refuse(kind, facts)
        _refuse_harmful({f"item {number}": item for number, item in enumerate(missing, start=1)})
        words = self._texts[language]
        message = _of_variant(words[kind], variant)
        values: dict[str, Any] = {
            "words": words,
            "message": message,
            "facts": _labelled(kind, words["labels"], facts),
            "lang": language,
            "missing": missing,
            "repeated": repeated,
        }
        return Words(
            language,
            subject=f"{message['subject']} – {words['labels']['receipt_number']} {facts['receipt_number']}",
            text=self._text.get_template("layout.txt").render(values),
            html=self._html.get_template("layout.html").render(values),
            outline=Outline(
                message["heading"],
                words["greeting"],
                message["lead"],
                (*values["facts"], *_listed(words["labels"], missing)),
                message["effect"],
                words["meaning"],
            ),
        )


def _of_variant(message: Mapping[str, str], variant: Variant | None) -> Mapping[str, str]:
    """The message's texts, each in the words of the variant where it has its own."""
    return {part: message.get(f"{part}_{variant}", said) for part, said in message.items()}


def _refuse(kind: MessageKind, facts: Mapping[str, str]) -> None:
    missing = [name for name in REQUIRED[kind] if not facts.get(name, "").strip()]
    if missing:
        raise Unrenderable(f"{kind}: {', '.join(missing)} is missing, and the law asks for it")
    if unknown := facts.keys() - {*REQUIRED[kind], *_OPTIONAL}:
        raise Unrenderable(f"{kind}: {', '.join(sorted(unknown))} is no fact of this message")
    _refuse_harmful(facts)


def _refuse_harmful(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if _CONTROL.search(value):
            raise Unrenderable(f"{name} holds a control character")
        if LINK.search(value):
            raise Unrenderable(f"{name} would become a link")


def _listed(labels: Mapping[str, str], missing: Sequence[str]) -> Sequence[tuple[str, str]]:
    return [(labels["missing_list"], item) for item in missing]


def _labelled(
    kind: MessageKind, labels: Mapping[str, str], facts: Mapping[str, str]
) -> Sequence[tuple[str, str]]:
    order = dict.fromkeys((*REQUIRED[kind][:1], "service", *REQUIRED[kind][1:], *_OPTIONAL))
    return [(labels[name], facts[name]) for name in order if name in facts]


def _sandbox(layouts: Mapping[str, str], **options: Any) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=DictLoader(layouts),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )
