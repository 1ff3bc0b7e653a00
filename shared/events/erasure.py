"""The erasure of a case: the order and the report of each holder. Nothing here identifies a person."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.events.payload import AuthorityId, Instant, Payload, PrincipalId, WireModel

Holder = Literal["router", "intake", "notifier"]
HOLDERS: tuple[Holder, ...] = ("router", "intake", "notifier")
"""Every service that holds content, contact data or facts about a person; all report before the audit log destroys keys."""


class EraseOrdered(Payload):
    """A person orders the erasure of what is kept about a case; ``basis`` is the legal basis and names nobody."""

    basis: Annotated[str, Field(min_length=3, max_length=200)]
    principal: PrincipalId | None = None


class RemainingCopy(WireModel):
    """A copy that the holder cannot reach; it expires by itself, at the latest at ``until``."""

    what: Annotated[str, Field(max_length=100)]
    until: Instant


class CaseErased(Payload):
    """A holder has carried out the order: ``gone`` names what it destroyed, ``remaining`` what expires later."""

    holder: Holder
    order_id: UUID
    gone: tuple[str, ...]
    remaining: tuple[RemainingCopy, ...] = ()


class CaseEnded(Payload):
    """In the inbox: the case has ended without the authority's decision; the authority deletes what it has of it."""

    authority: AuthorityId
    reason: Literal["erased"]
