"""What a leaf commits to: the whole event, with every sealed object replaced by its digest.

The payload is disclosed to an auditor, kept encrypted, and erasable; the leaf keeps only the commitment.
"""

import hmac
from hashlib import sha256
from typing import Any

import orjson

SALT_BYTES = 32
_SEALED_PARTS = ("protected", "iv", "ciphertext", "tag", "aad")


def canonical(document: object) -> bytes:
    """JSON with sorted keys and no white space, UTF-8."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


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
