"""What a platform hands in: read from the request's bytes, the content carried byte for byte.

The content is never parsed into numbers and strings and written again: what the applicant filled in, and may
have signed, reaches the authority exactly as it came.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from pydantic import StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from shared.events.competence import Attributes, Place
from shared.events.payload import AuthorityId, ServiceKey, WireModel
from shared.events.submission import ClientReference, Language

EmailAddress = Annotated[
    str, StringConstraints(pattern=r"^[^@\s\x00-\x20\x7f]{1,64}@[^@\s\x00-\x20\x7f]{1,189}$", max_length=254)
]
PersonName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]

Fault = Literal["missing", "unknown-field", "malformed"]


class Contact(WireModel):
    """Where the applicant is reached; sealed to the notifier at once."""

    email: EmailAddress
    name: PersonName | None = None


class Submission(WireModel):
    """Everything of a submission but its content."""

    service: ServiceKey
    place: Place | None = None
    choice: AuthorityId | None = None
    attributes: Attributes | None = None
    contact: Contact | None = None
    language: Language = "de"
    client_reference: ClientReference | None = None


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A well-formed submission; ``content`` is a JSON object in the sender's own bytes."""

    submission: Submission
    content: bytes


@dataclass(frozen=True, slots=True)
class NotJson:
    """The body is not a JSON object in UTF-8."""


@dataclass(frozen=True, slots=True)
class Faulty:
    """Fields that are missing, unknown or malformed, by JSON name; never their values."""

    fields: tuple[tuple[str, Fault], ...]


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The content exceeds the limit."""


_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read(body: bytes, *, max_content: int) -> HandedIn | NotJson | Faulty | TooLarge:
    """Read a request body; ``max_content`` is the largest content in bytes."""
    try:
        body.decode()  # the decoder checks syntax, but not the UTF-8 of members that it leaves raw
        members = _MEMBERS.decode(body)
    except (UnicodeDecodeError, msgspec.MsgspecError, RecursionError):
        return NotJson()
    content = bytes(members.pop("content", b"")).strip()
    faults = list(_content_faults(content))
    if len(content) > max_content:
        return TooLarge()
    try:
        submission = Submission.model_validate_json(msgspec.json.encode(members))
    except ValidationError as refused:
        faults += map(_fault, refused.errors(include_url=False, include_context=False, include_input=False))
        return Faulty(tuple(sorted(set(faults))))
    return Faulty(tuple(faults)) if faults else HandedIn(submission, content)


def _content_faults(content: bytes) -> Iterator[tuple[str, Fault]]:
    if not content:
        yield "content", "missing"
    elif not content.startswith(b"{"):
        yield "content", "malformed"


def _fault(error: ErrorDetails) -> tuple[str, Fault]:
    kinds: dict[str, Fault] = {"missing": "missing", "extra_forbidden": "unknown-field"}
    return ".".join(map(str, error["loc"])), kinds.get(error["type"], "malformed")
