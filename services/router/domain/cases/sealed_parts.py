"""Checks a sealed part of an answer without opening it: its shape, its size, and what it is bound to."""

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from shared.events.case import AnswerGiven
from shared.events.payload import Sealed
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


EXPECTED: Final[Mapping[SealedPart, Expected]] = {
    "content": Expected(CONTENT_PURPOSE, MAX_ANSWER_BYTES),
    "notice": Expected(NOTICE_PURPOSE, MAX_NOTICE_BYTES),
}

_IV_BYTES: Final = 12
_TAG_BYTES: Final = 16
_MOST_PROTECTED: Final = 1024
_MOST_WRAPPED: Final = 1024
_ALGORITHMS: Final = frozenset({"ECDH-ES+A256KW", "RSA-OAEP-256"})
_HEADER: Final = frozenset({"alg", "kid", "epk", "apu", "apv"})
_EPK: Final = frozenset({"kty", "crv", "x", "y"})
_LONGEST_TEXT: Final = 255


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
    if not _recipients_fit(sealed):
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


def _recipients_fit(sealed: Sealed) -> bool:
    if not 1 <= len(sealed.recipients) <= MAX_KEYS:
        return False
    return all(
        _recipient_fits(each.header)
        and len(each.encrypted_key) <= _MOST_WRAPPED
        and _bytes(each.encrypted_key)
        for each in sealed.recipients
    )


def _recipient_fits(header: Mapping[str, Any]) -> bool:
    """Whether the header has the members of key wrapping alone, so that nothing in it identifies a person."""
    if header.get("alg") not in _ALGORITHMS or not _HEADER.issuperset(header):
        return False
    epk = header.get("epk", {})
    if not isinstance(epk, dict) or not _EPK.issuperset(epk):
        return False
    texts = [header.get("kid"), *(header[name] for name in ("apu", "apv") if name in header), *epk.values()]
    return all(isinstance(text, str) and 1 <= len(text) <= _LONGEST_TEXT for text in texts)


def _bytes(text: str) -> bytes | None:
    """The bytes of base64url without padding; None if it is something else."""
    try:
        return (
            None if "=" in text else b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        )
    except ValueError:
        return None
