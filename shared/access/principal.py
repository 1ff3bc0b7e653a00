"""A principal (a person or an organisation that may request access tokens) and its credentials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

PrincipalKind = Literal["platform", "authority", "provider", "desk", "auditor", "operator"]
Audience = Literal["intake", "doors", "desk", "audit"]
AUDIENCES: Final[tuple[Audience, ...]] = get_args(Audience)
EXCHANGED: Final[tuple[Audience, ...]] = tuple(each for each in AUDIENCES if each != "audit")
"""The services that take access tokens. Auditors show their own with each look (docs/adr/0014)."""

SCOPES: Final[Mapping[str, Audience]] = MappingProxyType(
    {
        "submissions.write": "intake",
        "cases.read": "intake",
        "inbox.read": "doors",
        "answers.write": "doors",
        "webhooks.write": "doors",
        "look": "desk",
        "desk": "desk",
        "operation": "desk",
        "directory": "desk",
        "audit.look": "audit",
        "audit.export": "audit",
        "audit.bundles": "audit",
    }
)
"""Every scope, and the one service that it opens."""

AUDIENCE_OF: Final[Mapping[PrincipalKind, Audience]] = MappingProxyType(
    {
        "platform": "intake",
        "authority": "doors",
        "provider": "doors",
        "desk": "desk",
        "operator": "desk",
        "auditor": "audit",
    }
)
"""The one service that a kind of principal has business with."""

PERSONS: Final[frozenset[PrincipalKind]] = frozenset({"desk", "auditor", "operator"})
"""Kinds of people: what they do stands on record beside their id, so the id is a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What proves who a principal is: a public JWK (``id`` is its ``kid``) or the Argon2id hash of a secret."""

    id: str
    key: Mapping[str, Any] | None = None
    secret_hash: str | None = None
    valid_from: datetime
    valid_until: datetime | None = None

    def valid(self, now: datetime) -> bool:
        return self.valid_from <= now and (self.valid_until is None or now < self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A registered principal; ``authorities`` are those that it serves. Revoked ones are not read.

    ``sealing_keys`` are the public JWKs in use that others seal to, so that it alone can open.
    """

    id: str
    kind: PrincipalKind
    name: str
    scopes: frozenset[str]
    authorities: frozenset[str] = frozenset()
    registered_at: datetime
    credentials: Sequence[Credential] = ()
    sealing_keys: Sequence[Mapping[str, Any]] = ()

    def valid_credentials(self, now: datetime) -> list[Credential]:
        """The credentials that are valid now, the newest first."""
        found = [each for each in self.credentials if each.valid(now)]
        return sorted(found, key=lambda each: each.valid_from, reverse=True)

    def stands_by(self, credential: str, *, issued_at: datetime, now: datetime) -> bool:
        """Whether a token that was issued then for this credential is still valid."""
        known = any(each.id == credential and each.valid(now) for each in self.credentials)
        return known and issued_at >= self.registered_at.replace(microsecond=0)


def audiences(scopes: frozenset[str]) -> frozenset[Audience]:
    """The services that these scopes open; unknown scopes open none."""
    return frozenset(SCOPES[scope] for scope in scopes if scope in SCOPES)
