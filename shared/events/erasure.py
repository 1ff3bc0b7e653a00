"""A case is erased: the order, and what each holder reports. Nothing here says who the case was about."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.events.payload import AuthorityId, Instant, Payload, PrincipalId, WireModel

Holder = Literal["router", "intake", "notifier"]
HOLDERS: tuple[Holder, ...] = ("router", "intake", "notifier")
"""Who must report before the audit log destroys the keys: all that hold content, contact or facts about a person."""


class EraseOrdered(Payload):
    """A person orders that what is kept about a case be destroyed; ``basis`` is the legal one and names nobody."""

    basis: Annotated[str, Field(min_length=3, max_length=200)]
    principal: PrincipalId | None = None


class RemainingCopy(WireModel):
    """What the holder cannot reach and what therefore expires by itself, at the latest at ``until``."""

    what: Annotated[str, Field(max_length=100)]
    until: Instant


class CaseErased(Payload):
    """A holder has carried out the order: ``gone`` names what is destroyed, ``remaining`` what expires when."""

    holder: Holder
    order_id: UUID
    gone: tuple[str, ...]
    remaining: tuple[RemainingCopy, ...] = ()


class CaseEnded(Payload):
    """What an authority finds in its inbox: the case is over without its decision, and what it has is to be deleted."""

    authority: AuthorityId
    reason: Literal["erased"]
