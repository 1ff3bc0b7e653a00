"""The words of a message, from immutable templates: subject, text and HTML, German or English.

A template says each thing once; two layouts turn it into plain text and into a page. Templates may only read
the values below: none of them comes from the applicant, none may become a link.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import DictLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notifier.domain.message import Message
from shared.events.submission import Language
from shared.local_time import letter_time

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0080-\u009f\u2028\u2029]")
_LINK = re.compile(r"://|www\.|@|mailto:", re.IGNORECASE)


class Unrenderable(Exception):  # noqa: N818 - what the message is, in the project's vocabulary
    """A message cannot be put into words; the text names what is wrong, never a value."""


@dataclass(frozen=True, slots=True)
class Names:
    """What service and authority are called, where the directory knows them."""

    service: str | None
    authority: str | None


@dataclass(frozen=True, slots=True)
class Words:
    """A message in words. ``html`` is a complete document, ``subject`` one line."""

    language: Language
    subject: str
    text: str
    html: str


class Renderer:
    """Compiled templates, by path below the folder of templates: ``v1/de/received.jinja``."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._text = _environment(sources, autoescape=False)
        self._html = _environment(sources, autoescape=True)

    def render(self, message: Message, names: Names) -> Words:
        """Put the message into words.

        Raises:
            Unrenderable: the template's version is missing, it wants a value that there is not, or a value
                holds a control character or what mail programs would turn into a link.
        """
        folder = f"{message.templates}/{message.language}"
        values = _values(message, names)
        for name, value in values.items():
            refuse_unsafe(name, value or "")
        try:
            text = self._text.get_template(f"{folder}/{message.kind}.jinja")
            html = self._html.get_template(f"{folder}/{message.kind}.jinja")
            subject = "".join(text.blocks["subject"](text.new_context(values | {"layout": "subject"})))
            refuse_unsafe("subject", subject)
            return Words(
                message.language,
                subject=subject,
                text=text.render(values, layout=f"{folder}/layout.txt"),
                html=html.render(values, layout=f"{folder}/layout.html"),
            )
        except TemplateError as refused:
            raise Unrenderable(f"template {folder}/{message.kind}: {type(refused).__name__}") from refused


def _environment(sources: Mapping[str, str], **options: Any) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=DictLoader(sources),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )


def _values(message: Message, names: Names) -> dict[str, str | None]:
    return {
        "receipt_number": message.receipt_number,
        "received_at": letter_time(message.received_at, message.language),
        "occurred_at": letter_time(message.occurred_at, message.language),
        "service": names.service,
        "authority": names.authority,
    }


def refuse_unsafe(name: str, value: str) -> None:
    """Raise `Unrenderable` for a value with a control character or what mail programs turn into a link."""
    if _CONTROL.search(value):
        raise Unrenderable(f"{name} holds a control character")
    if _LINK.search(value):
        raise Unrenderable(f"{name} would become a link")
