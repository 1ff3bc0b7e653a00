"""Time stamps (RFC 3161): that an authority outside has seen a checkpoint, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.x509 import Certificate
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerifierBuilder,
    decode_timestamp_response,
)

from services.audit.domain.proof_refused import ProofRefused


@dataclass(frozen=True, slots=True)
class Stamped:
    """A checkpoint (the whole note, as published) and the authority's answer (DER, ``TimeStampResp``)."""

    note: bytes
    response: bytes


def timestamp_request(message: bytes) -> bytes:
    """What to ask an authority (DER, ``TimeStampReq``): SHA-256 of the message, a nonce, its certificates."""
    return TimestampRequestBuilder(message, HashAlgorithm.SHA256).build().as_bytes()


def stated_time(response: bytes) -> datetime:
    """The time that an answer states, which was verified before it was kept."""
    return decode_timestamp_response(response).tst_info.gen_time


def verify_timestamp(response: bytes, message: bytes, *, roots: Sequence[Certificate]) -> datetime:
    """Check that an authority under one of these roots has stamped the message; return when.

    Raises:
        ProofRefused: it has not, or the answer is malformed.
    """
    try:
        answer = decode_timestamp_response(response)
        VerifierBuilder(roots=list(roots)).build().verify_message(answer, message)
    except Exception as error:  # noqa: BLE001 - whatever the library makes of foreign bytes, they are refused
        raise ProofRefused(f"time stamp: {error}") from None
    return answer.tst_info.gen_time
