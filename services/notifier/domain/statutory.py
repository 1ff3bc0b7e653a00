"""The messages that the law asks for, and what each must say: nothing is put into words while a fact is missing.

The authority, not the platform, is named as the issuer of what it must say itself (§ 71b Abs. 3, 4, § 42a VwVfG).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from jinja2 import DictLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notifier.domain.rendering import Unrenderable, refuse_unsafe

StatutoryKind = Literal[
    "receipt",
    "acknowledgement",
    "forwarded",
    "incomplete",
    "supplement",
    "extension",
    "status",
    "decision",
    "deemed-approval",
    "certificate",
    "trade-certificate",
    "completion",
    "unreadable",
]
Register = Literal["de", "de-plain", "en"]
"""German, plain German, English; the first is binding."""

STATUTORY_KINDS: tuple[StatutoryKind, ...] = get_args(StatutoryKind)
REGISTERS: tuple[Register, ...] = get_args(Register)

_ALWAYS = ("receipt_number", "received_on")
REQUIRED: Mapping[StatutoryKind, tuple[str, ...]] = {
    "receipt": _ALWAYS,
    # § 71b Abs. 3: day of receipt at the single contact, period, what starts it, consequence, remedies
    "acknowledgement": (*_ALWAYS, "authority", "period", "starts", "consequence", "remedies"),
    "forwarded": (*_ALWAYS, "authority"),
    "incomplete": (*_ALWAYS, "authority", "missing"),  # § 71b Abs. 4
    "supplement": (*_ALWAYS, "authority", "supplement_received_on"),  # § 71b Abs. 4
    "extension": (*_ALWAYS, "authority", "period_ends", "reason"),  # § 42a Abs. 2: its end, with reasons
    "status": (*_ALWAYS, "authority", "status"),  # § 71d
    "decision": (*_ALWAYS, "authority", "occurred_on", "where"),
    "deemed-approval": (*_ALWAYS, "authority", "fiction_from", "legal_basis"),
    "certificate": (
        *_ALWAYS,
        "authority",
        "fiction_from",
        "legal_basis",
        "remedies",
    ),  # § 42a Abs. 3, § 37 Abs. 6
    "trade-certificate": (*_ALWAYS, "authority", "occurred_on", "where"),  # § 15 Abs. 1 GewO
    "completion": (*_ALWAYS, "authority", "occurred_on"),
    "unreadable": (*_ALWAYS, "authority", "requirements"),  # § 3a Abs. 4
}
"""The facts of each message, in the order in which they are said. ``service`` may always be added."""

_OPTIONAL = ("service",)


@dataclass(frozen=True, slots=True)
class StatutoryWords:
    """A message in words. ``html`` is a complete document, ``subject`` one line without case content."""

    register: Register
    subject: str
    text: str
    html: str


class StatutoryRenderer:
    """One version of the texts: ``texts`` by register, and the two layouts ``layout.txt`` and ``layout.html``."""

    def __init__(self, texts: Mapping[str, Mapping[str, Any]], layouts: Mapping[str, str]) -> None:
        self._texts = texts
        self._text = _sandbox(layouts, autoescape=False)
        self._html = _sandbox(layouts, autoescape=True)

    def render(self, kind: StatutoryKind, register: Register, facts: Mapping[str, str]) -> StatutoryWords:
        """Put the message into words.

        Raises:
            Unrenderable: a fact that the law asks for is missing or empty, one is not of this message, or a
                value holds a control character or what mail programs would turn into a link.
        """
        missing = [name for name in REQUIRED[kind] if not facts.get(name, "").strip()]
        if missing:
            raise Unrenderable(f"{kind}: {', '.join(missing)} is missing, and the law asks for it")
        if unknown := facts.keys() - {*REQUIRED[kind], *_OPTIONAL}:
            raise Unrenderable(f"{kind}: {', '.join(sorted(unknown))} is no fact of this message")
        for name, value in facts.items():
            refuse_unsafe(name, value)
        words = self._texts[register]
        message = words[kind]
        values = {
            "words": words,
            "message": message,
            "facts": _labelled(kind, words["labels"], facts),
            "lang": "de" if register == "de-plain" else register,
        }
        return StatutoryWords(
            register,
            subject=f"{message['subject']} – {words['labels']['receipt_number']} {facts['receipt_number']}",
            text=self._text.get_template("layout.txt").render(values),
            html=self._html.get_template("layout.html").render(values),
        )


def _labelled(
    kind: StatutoryKind, labels: Mapping[str, str], facts: Mapping[str, str]
) -> Sequence[tuple[str, str]]:
    order = (*REQUIRED[kind][:1], *_OPTIONAL, *REQUIRED[kind][1:])
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
