"""Who may do what on Kafka, from the catalogue: a grant stands here because a row of the table says so."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from shared.events.topic_names import DEAD_LETTER_TOPICS
from shared.events.topics import CATALOGUE, GROUPS, SERVICES, BusLogin, OperatorDuty, Topic, authority_group

Operation = Literal["READ", "WRITE", "DESCRIBE"]
Resource = Literal["TOPIC", "GROUP", "TRANSACTIONAL_ID"]

DUTIES: tuple[OperatorDuty, ...] = get_args(OperatorDuty)
"""Looking; ordering what becomes of a case; changing the directory; ordering what becomes of a dead letter or a login."""

_TRANSACTIONAL: tuple[BusLogin, ...] = ("router", "operator-directory")
"""Principals that write in transactions; their transactional ids begin with their name."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """`prefixed`: on everything whose name begins with `name`."""

    principal: str
    operation: Operation
    resource: Resource
    name: str
    prefixed: bool = False


def authority_login(authority: str) -> str:
    """The user name of an authority, which is also its consumer group."""
    return authority_group(authority)


def operator_login(duty: OperatorDuty) -> str:
    """The user name of the operators for one duty."""
    return f"operator-{duty}"


def services_and_operators() -> tuple[str, ...]:
    """Every user that is not an authority."""
    return (*SERVICES, *map(operator_login, DUTIES))


def grants(authorities: Iterable[str]) -> frozenset[Grant]:
    """All that is allowed; whatever is not here, Kafka refuses."""
    everyone = tuple(authorities)
    found: set[Grant] = set()
    for topic in CATALOGUE:
        names = [topic.for_authority(a) for a in everyone] if topic.per_authority else [topic.name]
        found.update(grant for name in names for grant in _on_topic(topic, name))
    for group, principal in GROUPS.items():
        found.add(Grant(principal, "READ", "GROUP", group))
    for letters, group in DEAD_LETTER_TOPICS.items():
        # Read as well: what was laid aside is known again after a restart, and later records of its case follow.
        found.update(Grant(GROUPS[group], may, "TOPIC", letters) for may in ("READ", "WRITE"))
        # The console shows them: what failed and why; of sealed records they hold nothing.
        found.add(Grant("desk", "READ", "TOPIC", letters))
    for principal in _TRANSACTIONAL:
        found.update(Grant(principal, may, "TRANSACTIONAL_ID", principal, prefixed=True) for may in ("WRITE", "DESCRIBE"))  # fmt: skip
    # The doors confirm for authorities that have no consumer; while one runs, the broker refuses that.
    found.add(Grant("doors", "READ", "GROUP", authority_group(""), prefixed=True))
    for duty in DUTIES:
        found.update(_of_operator(operator_login(duty)))
    for authority in everyone:
        found.update(_of_authority(authority))
    return frozenset(found)


def _on_topic(topic: Topic, name: str) -> Iterator[Grant]:
    """The services' grants, and the operators': each reads what is not sealed, and writes what its duty orders, if any."""
    for producer in topic.producers:
        yield Grant(producer, "WRITE", "TOPIC", name)
    for group in (*topic.consumers, *topic.rebuild):
        if group != "authority":
            yield Grant(GROUPS[group], "READ", "TOPIC", name)
    for follower in topic.followers:
        yield Grant(follower, "READ", "TOPIC", name)
    if not topic.per_authority:  # of sealed ones: how far they reach, never a record
        may: Operation = "DESCRIBE" if topic.sealed else "READ"
        yield from (Grant(operator_login(duty), may, "TOPIC", name) for duty in DUTIES)


def _of_operator(login: str) -> Iterator[Grant]:
    """All dead letters and the state of all groups."""
    for letters in DEAD_LETTER_TOPICS:
        yield Grant(login, "READ", "TOPIC", letters)
    for group in GROUPS:
        yield Grant(login, "DESCRIBE", "GROUP", group)
    yield Grant(login, "READ", "GROUP", login, prefixed=True)


def _of_authority(authority: str) -> Iterator[Grant]:
    """Its own inbox, to be read, and its group; more groups of its own begin with `authority.<id>.`.

    The dot matters: without it, an id that begins with another one would open the other's groups.
    """
    login = authority_login(authority)
    for topic in CATALOGUE:
        if topic.per_authority and "authority" in topic.consumers:
            yield Grant(login, "READ", "TOPIC", topic.for_authority(authority))
    yield Grant(login, "READ", "GROUP", login)
    yield Grant(login, "READ", "GROUP", f"{login}.", prefixed=True)
