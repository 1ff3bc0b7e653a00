"""What a platform hands in: read from the request's bytes, the content carried byte for byte.

The content is never parsed into numbers and strings and written again: what the applicant filled in, and may
have signed, reaches the authority exactly as it came.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import msgspec
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from services.intake.domain.mail_domain import registered_domain
from services.intake.domain.tidy import tidied, without_invisible
from shared.events.competence import Attributes, Place
from shared.events.payload import AuthorityId, ServiceKey, WireModel
from shared.events.submission import Channel, ClientReference, Language
from shared.strict_json import MOST_FAULTS, JsonFault, NotJson, inspect


def _visible(value: object) -> object:
    return without_invisible(value) if isinstance(value, str) else value


def _with_registered_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    registered = registered_domain(domain)
    if registered is None:
        raise PydanticCustomError("domain-unknown", "the domain is none by IDNA 2008")
    return f"{local}@{registered}"


EmailAddress = Annotated[
    str,
    BeforeValidator(_visible),
    StringConstraints(pattern=r"^[^@\s\x00-\x20\x7f]{1,64}@[^@\s\x00-\x20\x7f]{1,189}$", max_length=254),
    AfterValidator(_with_registered_domain),
]
PersonName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]

Fault = Literal["missing", "unknown-field", "malformed", "domain-unknown", "unreachable"] | JsonFault


AddressLine = Annotated[
    str, BeforeValidator(_visible), StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,60}$")
]
MailboxId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]


class PostalAddress(WireModel):
    """Where letters go, within Germany; ``extra`` is what stands above the street, for example a flat or "c/o"."""

    street: AddressLine
    postal_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]
    town: AddressLine
    extra: AddressLine | None = None


class Contact(WireModel):
    """Where the applicant is reached, at least in one way; sealed to the notifier at once.

    ``mailbox`` is what the platform itself calls the applicant's mailbox with it.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["email"]},
                {"required": ["mailbox"]},
                {"required": ["address", "name"]},
            ]
        }
    )

    email: EmailAddress | None = None
    name: PersonName | None = None
    mailbox: MailboxId | None = None
    address: PostalAddress | None = None

    @model_validator(mode="after")
    def _is_reached(self) -> Self:
        if not (self.email or self.mailbox or self.address):
            raise PydanticCustomError("unreachable", "email, mailbox or address is needed")
        if self.address and not self.name:
            raise PydanticCustomError("unreachable", "a letter needs a name")
        return self

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The ways on which the applicant can be told, the first one first: mailbox, e-mail, letter."""
        given: tuple[tuple[Channel, object], ...] = (
            ("mailbox", self.mailbox),
            ("email", self.email),
            ("letter", self.address),
        )
        return tuple(channel for channel, place in given if place)


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
class Faulty:
    """What is missing, unknown or malformed, by JSON name, at most twenty; never the values."""

    fields: tuple[tuple[str, Fault], ...]


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The content exceeds the limit."""


_KNOWN = frozenset(field.alias or name for name, field in Submission.model_fields.items())
_MOST_MEMBERS = 100
_MOST_MEMBER_BYTES = 32 * 1024
"""Of a member beside the content; the longest contact is a tenth of it."""

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read(body: bytes, *, max_content: int) -> HandedIn | NotJson | Faulty | TooLarge:
    """Read a request body; ``max_content`` is the largest content in bytes.

    What readers of JSON might read differently is refused before anything else is looked at.
    """
    places = inspect(body)
    if isinstance(places, NotJson):
        return places
    if places:
        return Faulty(tuple((each.pointer, each.fault) for each in places))
    try:
        members = _MEMBERS.decode(body)
    except msgspec.MsgspecError:
        return NotJson(1, 1)  # well-formed, but no object
    content = bytes(members.pop("content", b"")).strip()
    if len(content) > max_content:
        return TooLarge()
    submission = _submission(members)
    faults = [*_content_faults(content), *(submission if isinstance(submission, list) else ())]
    if isinstance(submission, list) or faults:
        return Faulty(tuple(sorted(set(faults))[:MOST_FAULTS]))
    return HandedIn(submission, content)


def _submission(members: Mapping[str, msgspec.Raw]) -> Submission | list[tuple[str, Fault]]:
    """What was written beside the content, or what is wrong with it."""
    if beyond := _beyond_any_submission(members):
        return beyond
    try:
        return Submission.model_validate_json(_tidied(members))
    except ValidationError as refused:
        return [*map(_fault, refused.errors(include_url=False, include_context=False, include_input=False))]


def read_content(body: bytes, *, max_content: int, required: bool) -> bytes | NotJson | Faulty | TooLarge:
    """Read the body of what is handed in later: ``content`` and nothing else; empty bytes where it is left out."""
    places = inspect(body)
    if isinstance(places, NotJson):
        return places
    if places:
        return Faulty(tuple((each.pointer, each.fault) for each in places))
    try:
        members = _MEMBERS.decode(body)
    except msgspec.MsgspecError:
        return NotJson(1, 1)
    content = bytes(members.pop("content", b"")).strip()
    if len(content) > max_content:
        return TooLarge()
    faults: list[tuple[str, Fault]] = [(name, "unknown-field") for name in sorted(members)[:MOST_FAULTS]]
    if content or required:
        faults += _content_faults(content)
    return Faulty(tuple(faults)) if faults else content


def _tidied(members: Mapping[str, msgspec.Raw]) -> bytes:
    """The members without what cannot be seen around what was written; empty ones are left out."""
    read: dict[str, Any] = {name: tidied(json.loads(bytes(raw))) for name, raw in members.items()}
    return msgspec.json.encode({name: value for name, value in read.items() if value is not None})


def _beyond_any_submission(members: Mapping[str, msgspec.Raw]) -> list[tuple[str, Fault]]:
    """What is told at once, since looking at each of ten thousands of members takes seconds of a processor."""
    if len(members) > _MOST_MEMBERS:
        return [(name, "unknown-field") for name in members if name not in _KNOWN]
    return [(name, "malformed") for name, raw in members.items() if len(bytes(raw)) > _MOST_MEMBER_BYTES]


def _content_faults(content: bytes) -> Iterator[tuple[str, Fault]]:
    if not content:
        yield "content", "missing"
    elif not content.startswith(b"{"):
        yield "content", "malformed"


def _fault(error: ErrorDetails) -> tuple[str, Fault]:
    kinds: dict[str, Fault] = {
        "missing": "missing",
        "extra_forbidden": "unknown-field",
        "domain-unknown": "domain-unknown",
        "unreachable": "unreachable",
    }
    return ".".join(map(str, error["loc"])), kinds.get(error["type"], "malformed")
