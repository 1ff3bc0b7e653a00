"""Derived ids: a replay reproduces them, so a repetition is recognised everywhere (promise 2)."""

from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha1
from uuid import UUID

_ROOT = UUID("6f0a2f1e-6c55-5d1f-9d6e-2f3b1f6b7a10")


def uuid5(namespace: UUID, name: str) -> UUID:
    """What ``uuid.uuid5`` returns, at half its cost: most of a record's ids are derived."""
    return UUID(bytes=sha1(namespace.bytes + name.encode(), usedforsecurity=False).digest()[:16], version=5)


def submission_id(client_id: str, idempotency_key: str) -> UUID:
    """The submission's id, from the client and its idempotency key."""
    return uuid5(_ROOT, f"submission/{client_id}/{idempotency_key}")


def case_id(submission: UUID) -> UUID:
    """The id of the case that a first submission opens."""
    return uuid5(submission, "case")


@lru_cache(maxsize=256)  # what follows from one record asks for the same ids several times
def child_id(parent: UUID, kind: str) -> UUID:
    """The id of the event that follows from the parent; ``kind`` is for example ``routed``."""
    return uuid5(parent, kind)


def delivery_id(cause: UUID) -> UUID:
    """The id of the record that brings a case to an authority's inbox, from the id of the event that caused it."""
    return child_id(child_id(cause, "routed"), "delivered")


def fetched_id(delivery: UUID) -> UUID:
    """The id of the event that says that the authority has fetched this record from its inbox."""
    return child_id(delivery, "fetched")


def order_id(case: UUID, principal: str, key: str, ordered: str) -> UUID:
    """The id of a person's order, from the person, the request's idempotency key, and what is ordered.

    The same request is the same order; the same key with other content is another order.
    """
    return uuid5(case, f"order/{principal}/{key}/{ordered}")


def answer_id(authority: str, own_id: str) -> UUID:
    """The id of an answer on the bus, from the authority and the authority's own id of it."""
    return uuid5(_ROOT, f"answer/{authority}/{own_id}")


@lru_cache(maxsize=4096)
def message_id(case: UUID, kind: str, revision: int, recipient: str, channel: str) -> UUID:
    """The id of a message to a person outside; ``recipient`` is a role, never an address."""
    return uuid5(case, f"message/{kind}/{revision}/{recipient}/{channel}")


def operations_id(group: str) -> UUID:
    """The ``ce_caseid`` of orders to a service, from its consumer group."""
    return uuid5(_ROOT, f"operations/{group}")


def directory_id(land: str) -> UUID:
    """The ``ce_caseid`` of events about the directory of a Land, for example ``06``."""
    return uuid5(_ROOT, f"directory/{land}")


def directory_change_id(land: str, parent: str | None, result: str, effective_from: datetime) -> UUID:
    """The id of a change of the directory. A version may recur; one step at one instant cannot."""
    return uuid5(directory_id(land), f"{parent}/{result}/{effective_from.astimezone(UTC).isoformat()}")
