"""Checks a sealed part of an answer without opening it: its shape, its size, what it is bound to, and to which keys."""

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Container, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from shared.events.case import AnswerGiven
from shared.events.payload import Sealed, SealedRecipient
from shared.events.sealed_answer import (
    CONTENT_PURPOSE,
    MAX_ANSWER_BYTES,
    MAX_KEYS,
    MAX_NOTICE_BYTES,
    NOTICE_PURPOSE,
    AnswerKeyNames,
    KeyName,
)
from shared.strict_json import inspect

SealedPart = Literal["content", "notice"]
PartFault = Literal[
    "protected",
    "recipients",
    "recipients.header.kid",
    "recipients.header.epk",
    "iv",
    "ciphertext",
    "tag",
    "submissionId",
    "purpose",
    "too-large",
]
"""The member of the JWE that is wrong, or ``too-large``."""


class Expected(NamedTuple):
    """The purpose a part has to be sealed for, and its largest plaintext in bytes."""

    purpose: str
    most_bytes: int


class _Curve(NamedTuple):
    kty: str
    coordinates: tuple[str, ...]
    size: int


EXPECTED: Final[Mapping[SealedPart, Expected]] = {
    "content": Expected(CONTENT_PURPOSE, MAX_ANSWER_BYTES),
    "notice": Expected(NOTICE_PURPOSE, MAX_NOTICE_BYTES),
}

_IV_BYTES: Final = 12
_TAG_BYTES: Final = 16
_MOST_PROTECTED: Final = 1024
_MOST_WRAPPED: Final = 1024
_ECDH: Final = "ECDH-ES+A256KW"
_RSA: Final = "RSA-OAEP-256"
_WRAPPED_BYTES: Final = 40
_LEAST_RSA_BYTES: Final = 384
_CURVES: Final = {
    "P-256": _Curve("EC", ("x", "y"), 32),
    "P-384": _Curve("EC", ("x", "y"), 48),
    "X25519": _Curve("OKP", ("x",), 32),
}
_LONGEST_KID: Final = 255


IsPoint = Callable[[Mapping[str, Any]], bool]


class _Door(NamedTuple):
    """What a part is held against: what it must be bound to, to whom it may be sealed, what a point is."""

    bound: Mapping[str, str]
    named: tuple[KeyName, ...] | None
    is_point: IsPoint


def fault_of_parts(
    given: AnswerGiven, *, submission_id: UUID, named: AnswerKeyNames | None, is_point: IsPoint
) -> tuple[SealedPart, PartFault] | None:
    """The first part that its recipient could not use, and why; None if all parts are well-formed.

    ``named`` are the keys that the case's records have named; None where nobody knows, then any may be meant.
    """
    for part, expected in EXPECTED.items():
        sealed: Sealed | None = getattr(given, part)
        if sealed is None:
            continue
        bound = {"apu": _digest(str(submission_id)), "apv": _digest(expected.purpose)}
        door = _Door(bound, None if named is None else getattr(named, part), is_point)
        fault = next(_faults(sealed, expected, submission_id=submission_id, door=door), None)
        if fault is not None:
            return part, fault
    return None


def _faults(sealed: Sealed, expected: Expected, *, submission_id: UUID, door: _Door) -> Iterator[PartFault]:
    if len(sealed.ciphertext) > (expected.most_bytes + 2) // 3 * 4:
        yield "too-large"
    if not _bytes(sealed.ciphertext):
        yield "ciphertext"
    if len(_bytes(sealed.iv) or b"") != _IV_BYTES:
        yield "iv"
    if len(_bytes(sealed.tag) or b"") != _TAG_BYTES:
        yield "tag"
    header = _protected(sealed.protected)
    if header is None:
        yield "protected"
    elif header["submissionId"] != str(submission_id):
        yield "submissionId"
    elif header["purpose"] != expected.purpose:
        yield "purpose"
    if not 1 <= len(sealed.recipients) <= MAX_KEYS:
        yield "recipients"
    for each in sealed.recipients:
        yield from _faults_of_entry(each, door)


def _protected(text: str) -> Mapping[str, str] | None:
    raw = _bytes(text) if len(text) <= _MOST_PROTECTED else None
    try:
        header = None if raw is None or inspect(raw) else json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or header.keys() != {"enc", "cty", "submissionId", "purpose"}:
        return None
    fits = header["enc"] == "A256GCM" and header["cty"] == "application/json"
    return header if fits else None


def _faults_of_entry(entry: SealedRecipient, door: _Door) -> Iterator[PartFault]:
    """What its recipient could not use; no other member is permitted, so that nothing in it identifies a person."""
    header, kid = entry.header, entry.header.get("kid")
    if not isinstance(kid, str) or not 1 <= len(kid) <= _LONGEST_KID or not kid.isprintable():
        yield "recipients.header.kid"
        return
    kinds = set(_CURVES) | {"RSA"} if door.named is None else {k.kind for k in door.named if k.kid == kid}
    if not kinds:
        yield "recipients.header.kid"
    wrapped = _bytes(entry.encrypted_key) if len(entry.encrypted_key) <= _MOST_WRAPPED else None
    if header.get("alg") == _RSA:
        if "RSA" not in kinds or header.keys() != {"alg", "kid"} or len(wrapped or b"") < _LEAST_RSA_BYTES:
            yield "recipients"
        return
    ecdh = header.get("alg") == _ECDH and header.keys() == {"alg", "kid", "epk", *door.bound}
    is_bound = ecdh and all(header[name] == digest for name, digest in door.bound.items())
    if not is_bound or len(wrapped or b"") != _WRAPPED_BYTES:
        yield "recipients"
    elif not _is_point(header["epk"], kinds, door.is_point):
        yield "recipients.header.epk"


def _is_point(epk: Any, curves: Container[str], is_point: IsPoint) -> bool:
    """Whether this is a public key on one of these curves, written with its coordinates at full length and no more."""
    if not isinstance(epk, dict) or not all(isinstance(value, str) for value in epk.values()):
        return False
    name = epk.get("crv", "")
    curve = _CURVES.get(name)
    if curve is None or name not in curves or epk.keys() != {"kty", "crv", *curve.coordinates}:
        return False
    whole = all(
        len(epk[name]) <= _LONGEST_KID and len(_bytes(epk[name]) or b"") == curve.size
        for name in curve.coordinates
    )
    return whole and epk["kty"] == curve.kty and is_point(epk)


def _digest(text: str) -> str:
    """As `apu` and `apv` name the submission and the purpose (RFC 7518 section 4.6.1)."""
    return urlsafe_b64encode(sha256(text.encode()).digest()).decode().rstrip("=")


def _bytes(text: str) -> bytes | None:
    """The bytes of base64url without padding; None if it is something else."""
    try:
        return (
            None if "=" in text else b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        )
    except ValueError:
        return None
