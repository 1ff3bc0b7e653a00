"""A submission, read from the bytes of the request; its content is passed on byte for byte.

The content is never parsed and serialised again: what the applicant filled in, and may have signed, reaches the
authority exactly as it came.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import msgspec
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from services.intake.domain.tidy import tidied, without_invisible
from shared.countries import country_line
from shared.events.competence import Attributes, Place
from shared.events.payload import AuthorityId, ServiceKey, WireModel
from shared.events.submission import Channel, ClientReference, Language
from shared.mail_domain import LOCAL_PART, registered_domain
from shared.printed_text import can_be_printed
from shared.strict_json import MOST_FAULTS, JsonFault, NotJson, inspect, shown_name

_LONGEST_EMAIL = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets


def _visible(value: object) -> object:
    return without_invisible(value) if isinstance(value, str) else value


def _with_registered_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    registered = registered_domain(domain)
    if registered is None or len(local) + 1 + len(registered) > _LONGEST_EMAIL:
        raise PydanticCustomError("domain-unknown", "nobody can have the domain")
    return f"{local}@{registered}"


EmailAddress = Annotated[
    str,
    BeforeValidator(_visible),
    StringConstraints(pattern=rf"^{LOCAL_PART}@[^@\s\x00-\x20\x7f]+$", max_length=_LONGEST_EMAIL),
    AfterValidator(_with_registered_domain),
]
PersonName = Annotated[
    str,
    BeforeValidator(_visible),
    StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,200}$"),
]

Fault = Literal["missing", "unknown-field", "malformed", "domain-unknown", "unreachable"] | JsonFault


def _printable(line: str) -> str:
    if not can_be_printed(line):
        raise ValueError("a letter cannot show it")
    return line


AddressLine = Annotated[
    str,
    BeforeValidator(_visible),
    StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,60}$"),
    AfterValidator(_printable),
]
PostalCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9 -]{0,10}[A-Za-z0-9])?$")]
MailboxId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]


def _existing(code: str) -> str:
    if country_line(code) is None:
        raise ValueError("no country of ISO 3166-1")
    return code


CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), AfterValidator(_existing)]


class PostalAddress(WireModel):
    """An address for letters; ``extra`` is the line above the street, for example a flat or "c/o".

    Without ``country`` it is in Germany. Elsewhere ``postalCode`` is printed before the town, as most countries write it;
    where they do not, or have none, ``town`` is the whole line.
    """

    country: CountryCode | None = None
    street: AddressLine
    postal_code: Annotated[
        PostalCode | None, Field(validate_default=True, description="in Germany 5 digits, and required")
    ] = None
    town: AddressLine
    extra: AddressLine | None = None

    @field_validator("postal_code")
    @classmethod
    def _of_the_country(cls, code: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("country", "DE") not in {None, "DE"}:
            return code
        if code is None:
            raise PydanticCustomError("missing", "required in Germany")
        if re.fullmatch(r"[0-9]{5}", code) is None:
            raise ValueError("5 digits in Germany")
        return code


class Contact(WireModel):
    """At least one way to reach the applicant; it is sealed to the notifier at once.

    ``mailbox`` is the platform's own id of the applicant's mailbox.
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
        if self.address and not (self.name and can_be_printed(self.name)):
            raise PydanticCustomError("unreachable", "a letter needs a name that it can show")
        return self

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The ways to reach the applicant in order of preference: mailbox, e-mail, letter."""
        given: tuple[tuple[Channel, object], ...] = (
            ("mailbox", self.mailbox),
            ("email", self.email),
            ("letter", self.address),
        )
        return tuple(channel for channel, place in given if place)


class Submission(WireModel):
    """A submission without its content."""

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
    """The missing, unknown or malformed fields, by JSON name, at most twenty; never their values."""

    fields: tuple[tuple[str, Fault], ...]


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The content exceeds the limit."""


_KNOWN = frozenset(field.alias or name for name, field in Submission.model_fields.items())
_MOST_MEMBERS = 100
_MOST_MEMBER_BYTES = 32 * 1024
"""Largest size of a member other than the content; the longest contact is a tenth of it."""

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read(body: bytes, *, max_content: int) -> HandedIn | NotJson | Faulty | TooLarge:
    """Read a request body; ``max_content`` is the largest content in bytes.

    A document that JSON parsers might read differently is refused before anything else is checked.
    """
    places = inspect(body)
    if isinstance(places, NotJson):
        return places
    if places:
        return Faulty(tuple((each.pointer, each.fault) for each in places))
    try:
        members = _MEMBERS.decode(body)
    except msgspec.MsgspecError:
        return NotJson(1, 1)  # well-formed, but not an object
    content = bytes(members.pop("content", b"")).strip()
    if len(content) > max_content:
        return TooLarge()
    submission = _submission(members)
    faults = [*_content_faults(content), *(submission if isinstance(submission, list) else ())]
    if isinstance(submission, list) or faults:
        return Faulty(tuple(sorted(set(faults))[:MOST_FAULTS]))
    return HandedIn(submission, content)


def _submission(members: Mapping[str, msgspec.Raw]) -> Submission | list[tuple[str, Fault]]:
    """The members other than the content, or their faults."""
    if beyond := _beyond_any_submission(members):
        return beyond
    try:
        return Submission.model_validate_json(_tidied(members))
    except ValidationError as refused:
        return [*map(_fault, refused.errors(include_url=False, include_context=False, include_input=False))]


def read_content(body: bytes, *, max_content: int, required: bool) -> bytes | NotJson | Faulty | TooLarge:
    """Read the body of a supplement or withdrawal: only ``content``; return empty bytes if it is absent."""
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
    faults: list[tuple[str, Fault]] = [
        (shown_name(name), "unknown-field") for name in sorted(members)[:MOST_FAULTS]
    ]
    if content or required:
        faults += _content_faults(content)
    return Faulty(tuple(faults)) if faults else content


def _tidied(members: Mapping[str, msgspec.Raw]) -> bytes:
    """The members with their texts trimmed of blanks and invisible characters; empty ones are left out."""
    read: dict[str, Any] = {name: tidied(msgspec.json.decode(raw)) for name, raw in members.items()}
    return msgspec.json.encode({name: value for name, value in read.items() if value is not None})


def _beyond_any_submission(members: Mapping[str, msgspec.Raw]) -> list[tuple[str, Fault]]:
    """The faults of a body with too many or too large members; to validate tens of thousands of them takes seconds."""
    if len(members) > _MOST_MEMBERS:
        return [(shown_name(name), "unknown-field") for name in members if name not in _KNOWN]
    return [
        (shown_name(name), "malformed")
        for name, raw in members.items()
        if len(bytes(raw)) > _MOST_MEMBER_BYTES
    ]


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
    # A default that is validated is reported under the field's name, not its alias.
    names = ("postalCode" if part == "postal_code" else shown_name(str(part)) for part in error["loc"])
    return ".".join(names), kinds.get(error["type"], "malformed")
