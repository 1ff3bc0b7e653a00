"""The key under which a client repeats a request (draft-ietf-httpapi-idempotency-key-header-07)."""

import re

_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_BARE = re.compile(r"[!#-+\--:<-~]+")
_LONGEST = 255


def read_key(header: str) -> str | None:
    """Return the key in an ``Idempotency-Key`` header, or None if it is malformed.

    Expected is a structured-field string (RFC 8941 section 3.3.3), for example
    ``"8e03978e-40d5-43dd-bc93-6894a57f9324"``; the same without quotes is tolerated. 1 to 255 characters.
    """
    text = header.strip(" ")
    if quoted := _QUOTED.fullmatch(text):
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    elif _BARE.fullmatch(text):
        key = text
    else:
        return None
    return key if 1 <= len(key) <= _LONGEST else None
