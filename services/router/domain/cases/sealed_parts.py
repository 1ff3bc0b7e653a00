"""Checks a sealed part of an answer without opening it: its shape, its size, and what it is bound to."""

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
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
)
from shared.strict_json import inspect

SealedPart = Literal["content", "notice"]
PartFault = Literal[
    "protected", "recipients", "iv", "ciphertext", "tag", "submissionId", "purpose", "too-large"
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


def fault_of_parts(given: AnswerGiven, *, submission_id: UUID) -> tuple[SealedPart, PartFault] | None:
    """The first part that its recipient could not use, and why; None if all parts are well-formed."""
    for part, expected in EXPECTED.items():
        sealed: Sealed | None = getattr(given, part)
        fault = None if sealed is None else _fault(sealed, expected, submission_id=submission_id)
        if fault is not None:
            return part, fault
    return None


def _fault(sealed: Sealed, expected: Expected, *, submission_id: UUID) -> PartFault | None:
    return next(_faults(sealed, expected, submission_id=submission_id), None)


def _faults(sealed: Sealed, expected: Expected, *, submission_id: UUID) -> Iterator[PartFault]:
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
    bound = {"apu": _digest(str(submission_id)), "apv": _digest(expected.purpose)}
    if not _recipients_fit(sealed, bound=bound):
        yield "recipients"


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


def _recipients_fit(sealed: Sealed, *, bound: Mapping[str, str]) -> bool:
    if not 1 <= len(sealed.recipients) <= MAX_KEYS:
        return False
    return all(_recipient_fits(each, bound=bound) for each in sealed.recipients)


def _recipient_fits(entry: SealedRecipient, *, bound: Mapping[str, str]) -> bool:
    """Whether the entry has what its recipient needs, and no other member, so that nothing in it identifies a person."""
    header, kid = entry.header, entry.header.get("kid")
    wrapped = _bytes(entry.encrypted_key) if len(entry.encrypted_key) <= _MOST_WRAPPED else None
    if not isinstance(kid, str) or not 1 <= len(kid) <= _LONGEST_KID or not kid.isprintable():
        return False
    if header.get("alg") == _RSA:
        return header.keys() == {"alg", "kid"} and len(wrapped or b"") >= _LEAST_RSA_BYTES
    if header.get("alg") != _ECDH or header.keys() != {"alg", "kid", "epk", *bound}:
        return False
    is_bound = all(header[name] == digest for name, digest in bound.items())
    return is_bound and len(wrapped or b"") == _WRAPPED_BYTES and _is_point(header["epk"])


def _is_point(epk: Any) -> bool:
    """Whether this is a public key of a curve that we seal for, by its members and their lengths."""
    if not isinstance(epk, dict) or not all(isinstance(value, str) for value in epk.values()):
        return False
    curve = _CURVES.get(epk.get("crv", ""))
    if curve is None or epk.keys() != {"kty", "crv", *curve.coordinates} or epk["kty"] != curve.kty:
        return False
    return all(
        len(epk[name]) <= _LONGEST_KID and len(_bytes(epk[name]) or b"") == curve.size
        for name in curve.coordinates
    )


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
