"""What a leaf commits to: the whole event, with every sealed object replaced by its digest.

The payload is disclosed to an auditor, kept encrypted, and erasable; the leaf keeps only the commitment.
"""

import hmac
import zlib
from hashlib import sha256
from typing import Any

import orjson

SALT_BYTES = 32
LONGEST = 16 * 1024 * 1024
"""Bytes of a payload when it is stored; no record of the bus is as long."""

_DICTIONARY = (
    b'"gazetteer""place":{"ars":"06","ags":"06","plz":"","town":""},"choice":"","attributes":{},"assignment":{"principal":'
    b'"","reason":"","role":"clearing-desk"},"decision":{"asOf":"2026-01-01T00:00:00.000Z","authority":"g-0653",'
    b'"candidates":[{"authority":"k-0653","why":""}],"directoryVersion":"","legalBasis":"","outcome":"routed","path":[],'
    b'"reason":"","rule":""},"answer":{"fileNumber":"","givenAt":"2026-","kind":"accepted","outcome":"granted"},"ownId":"'
    b'"acceptedAt":"2026-","decidedAt":"2026-","channel":"email","kind":"received","outcome":"sent","revision":1,'
    b'{"bus":{"offset":1,"partition":1,"topic":"submission.received.v1"},"caseid":"","data":{"authority":"g-06531005",'
    b'"contact":{"sealed":"sha256:"},"content":{"sealed":"sha256:"},"receipt":{"clientId":"landesplattform","clientReference":'
    b'"","contentHash":"hmac-sha256:","language":"de","receiptNumber":"AW-2026-","receivedAt":"2026-01-12T09:30:00.000Z",'
    b'"service":"99050012104000"}},"id":"","source":"urn:amtsweg:router","specversion":"1.0","submissionid":"",'
    b'"time":"2026-01-12T09:30:00.000Z","traceparent":"00-","type":"de.amtsweg.SubmissionRouted.v1"}'
)
"""What payloads have in common, for their compression. Never changed: what is stored could not be read any more."""
_SEALED_PARTS = ("protected", "iv", "ciphertext", "tag", "aad")


def canonical(document: object) -> bytes:
    """JSON with sorted keys and no white space, UTF-8."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def shrink(payload: bytes) -> bytes:
    """The payload as it is stored: compressed with a dictionary of what all payloads share."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY)
    return packer.compress(payload) + packer.flush()


def expand(stored: bytes) -> bytes:
    """Read what `shrink` made.

    Raises:
        ValueError: it is not that, or endless.
        zlib.error: likewise.
    """
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS, _DICTIONARY)
    payload = unpacker.decompress(stored, LONGEST)
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("not a stored payload")
    return payload


def commitment(salt: bytes, payload: bytes) -> str:
    """HMAC-SHA256 of the payload, hex; without the 32 random bytes of salt it cannot be guessed."""
    # Not hmac.digest: that hands the interpreter to another thread, each time.
    return hmac.new(salt, payload, "sha256").hexdigest()


def without_sealed(value: Any) -> Any:
    """The JSON value with each sealed object (JWE, general serialisation) replaced by its digest.

    The digest covers the parts that stay when the object is wrapped anew for another recipient, so that what
    an authority holds can be compared with what was received.
    """
    if isinstance(value, dict):
        if "ciphertext" in value:
            parts = {name: value[name] for name in _SEALED_PARTS if name in value}
            return {"sealed": f"sha256:{sha256(canonical(parts)).hexdigest()}"}
        return {name: without_sealed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_sealed(inner) for inner in value]
    return value
