"""Events of a submission, from its receipt to the authority's inbox."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.events.competence import Attributes, CompetenceDecision, Place
from shared.events.payload import (
    AuthorityId,
    Instant,
    KeyedHash,
    Payload,
    PrincipalId,
    Sealed,
    ServiceKey,
    WireModel,
)
from shared.events.sealed_answer import AnswerKeys

Language = Literal["de", "de-simple", "en"]
"""German, plain German (the variant subtag of RFC 5646), English; German is binding."""

Channel = Literal["mailbox", "email", "letter"]
"""How the applicant is told: in the platform's mailbox, by e-mail, by letter; each falls back on the next."""

ClientReference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Receipt(WireModel):
    """The facts of receipt; every later event repeats them, so that a read model can be rebuilt from any topic.

    The client's own reference is kept as a keyed hash only: it is free text, and this record is kept for years.
    ``channels`` are the ways to reach the applicant in order of preference; absent means e-mail alone.
    """

    receipt_number: str
    received_at: Instant
    client_id: str
    client_reference_hash: KeyedHash | None = None
    service: ServiceKey
    language: Language
    content_hash: KeyedHash
    channels: tuple[Channel, ...] | None = None


class SubmissionReceived(Payload):
    """The platform client has handed in a submission and has a receipt for it."""

    receipt: Receipt
    place: Place | None = None
    choice: AuthorityId | None = None
    attributes: Attributes | None = None
    content: Sealed
    contact: Sealed | None = None
    answer_keys: AnswerKeys | None = None


class Assignment(WireModel):
    """A person's decision where the directory names no authority: their role and reason, never their name.

    ``reason`` is about competence, never about people: it is kept on permanent topics. ``principal`` is the one
    whose credentials came with the order over HTTP.
    """

    role: Annotated[str, Field(max_length=64)]
    reason: Annotated[str, Field(max_length=200)]
    principal: PrincipalId | None = None


class SubmissionRouted(Payload):
    """The submission is in the inbox of the authority; custody has passed to it.

    With an ``assignment`` a person named the authority, at the clearing desk or at an authority that handed the case on;
    ``decision`` is then the directory's own answer, and it is absent where no decision could be made at all.
    """

    receipt: Receipt
    authority: AuthorityId
    decision: CompetenceDecision | None = None
    assignment: Assignment | None = None


RouterReason = Literal[
    "no-inbox",
    "no-key",
    "not-opened",
    "sealed-for-another-use",
    "internal-error",
    "order-failed",
    "returned",
    "handed-on-in-a-circle",
]
"""Why the router itself parks a case, whatever the directory decides; newer releases may add reasons."""


class SubmissionParked(Payload):
    """No safe decision is possible; a person has to decide. ``reason`` is the decision's or one of ``RouterReason``."""

    receipt: Receipt
    reason: str
    decision: CompetenceDecision | None = None


class SubmissionDelivered(Payload):
    """In the inbox: a submission with its content sealed to the authority's key, and the decision with its explanation.

    The authority seals the parts of its answers for the public keys in ``answerKeys``.
    """

    receipt: Receipt
    authority: AuthorityId
    place: Place | None = None
    decision: CompetenceDecision | None = None
    assignment: Assignment | None = None
    content: Sealed
    answer_keys: AnswerKeys | None = None


class SubmissionHeld(Payload):
    """The sealed objects of an open case, kept until it closes so that it can be delivered again."""

    receipt: Receipt
    place: Place | None = None
    choice: AuthorityId | None = None
    attributes: Attributes | None = None
    submission_id: UUID
    content: Sealed
    contact: Sealed | None = None
    answer_keys: AnswerKeys | None = None
