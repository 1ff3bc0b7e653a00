"""What happens to a submission from receipt to the authority's inbox."""

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
    """The facts of receipt, repeated by every later event so that read models can be rebuilt from any.

    Of the client's own reference there is a keyed hash only: people write freely, and this stands for years.
    ``channels`` are the ways on which the applicant can be told, the first one first; absent, it is e-mail alone.
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
    """The platform has handed in a submission and holds a receipt for it."""

    receipt: Receipt
    place: Place | None = None
    choice: AuthorityId | None = None
    attributes: Attributes | None = None
    content: Sealed
    contact: Sealed | None = None
    answer_keys: AnswerKeys | None = None


class Assignment(WireModel):
    """A person's decision where the directory names nobody: role and reason, no name.

    ``reason`` speaks of the competence, never of people: this stands on permanent topics. ``principal`` is under
    whose credentials the order was given over HTTP.
    """

    role: Annotated[str, Field(max_length=64)]
    reason: Annotated[str, Field(max_length=200)]
    principal: PrincipalId | None = None


class SubmissionRouted(Payload):
    """The submission lies in the inbox of the authority; custody has passed to it.

    With an ``assignment`` a person named the authority, at the clearing desk or at an authority that handed the case on;
    ``decision`` then says what the directory answers, and is absent where no decision could be made at all.
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
"""Why the router parks although it was not the decision that failed; newer releases may know more."""


class SubmissionParked(Payload):
    """No safe decision is possible; a person has to decide. ``reason`` is the decision's or the router's own."""

    receipt: Receipt
    reason: str
    decision: CompetenceDecision | None = None


class SubmissionDelivered(Payload):
    """What an authority finds in its inbox: the content sealed to its own key, the decision explained.

    ``answerKeys`` are the public keys that it seals the parts of its answers to.
    """

    receipt: Receipt
    authority: AuthorityId
    place: Place | None = None
    decision: CompetenceDecision | None = None
    assignment: Assignment | None = None
    content: Sealed
    answer_keys: AnswerKeys | None = None


class SubmissionHeld(Payload):
    """The sealed objects of an open case, kept until it closes so that it can be sent again."""

    receipt: Receipt
    place: Place | None = None
    choice: AuthorityId | None = None
    attributes: Attributes | None = None
    submission_id: UUID
    content: Sealed
    contact: Sealed | None = None
    answer_keys: AnswerKeys | None = None
