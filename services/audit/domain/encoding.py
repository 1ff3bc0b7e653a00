"""Base64 and decimals with exactly one spelling for each value, so that no altered file has the same meaning."""

from base64 import b64decode, b64encode

from services.audit.domain.proof_refused import ProofRefused

MAX_SIZE = 1 << 63
"""Sizes, indexes and times stay below this, as in every other implementation's signed integers."""


def to_base64(value: bytes) -> str:
    """Standard alphabet, padded (RFC 4648 section 4)."""
    return b64encode(value).decode()


def from_base64(text: str, what: str) -> bytes:
    """Read standard, padded base64.

    Raises:
        ProofRefused: it is not the canonical spelling; ``what`` names the value.
    """
    try:
        value = b64decode(text, validate=True)
    except ValueError:
        raise ProofRefused(f"{what}: not base64") from None
    if to_base64(value) != text:
        raise ProofRefused(f"{what}: not the canonical base64")
    return value


def to_decimal(text: str, what: str) -> int:
    """Read ASCII decimal without sign and leading zeros.

    Raises:
        ProofRefused: it is written otherwise, or does not fit 63 bits; ``what`` names the value.
    """
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0"):
        raise ProofRefused(f"{what}: not a decimal number without leading zeros")
    if len(text) > len(str(MAX_SIZE)) or int(text) >= MAX_SIZE:
        raise ProofRefused(f"{what}: too large")
    return int(text)
