"""Does what a receiver does with a signed mail (RFC 6376 section 6); it shares nothing with our signer.

The mails of ``tests/golden/dkim`` were signed by dkimpy 1.1.8, which also accepts what our signer writes.
"""

import base64
import hashlib
from email.parser import BytesHeaderParser
from email.policy import compat32

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key


def verifies(mail: bytes, records: dict[str, str]) -> bool:
    """Whether the first signature holds, with these TXT records."""
    split = mail.index(b"\r\n\r\n")
    fields = [
        (name, str(value))
        for name, value in BytesHeaderParser(policy=compat32).parsebytes(mail[: split + 4]).raw_items()
    ]
    written = next(value for name, value in fields if name.lower() == "dkim-signature")
    tags = _tags(written)
    assert tags["a"] == "rsa-sha256"
    assert tags["c"] == "relaxed/relaxed"
    body = _body(mail[split + 4 :].decode("latin-1"))
    if base64.b64encode(hashlib.sha256(body.encode("latin-1")).digest()).decode() != _closed(tags["bh"]):
        return False
    left = list(fields)
    lines = []
    for name in _closed(tags["h"]).lower().split(":"):
        at = next((i for i in range(len(left) - 1, -1, -1) if left[i][0].lower() == name), None)
        if at is not None:
            lines.append(f"{name}:{_single(left.pop(at)[1])}\r\n")
    lines.append("dkim-signature:" + _single(written[: written.rindex("b=") + 2]))
    published = _tags(records[f"{tags['s']}._domainkey.{tags['d']}"])
    key = load_der_public_key(base64.b64decode(published["p"]))
    assert isinstance(key, RSAPublicKey)
    try:
        key.verify(base64.b64decode(_closed(tags["b"])), "".join(lines).encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";") if part.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _closed(value: str) -> str:
    return "".join(value.split())


def _single(value: str) -> str:
    return " ".join(value.split())


def _body(text: str) -> str:
    kept: list[str] = []
    for line in text.split("\r\n"):
        words = [word for word in line.replace("\t", " ").split(" ") if word]
        kept.append((" " if line[:1] in (" ", "\t") and words else "") + " ".join(words))
    while kept and not kept[-1]:
        kept.pop()
    return "".join(f"{line}\r\n" for line in kept)
