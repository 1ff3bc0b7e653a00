"""The log's keys as they lie in files; errors name the file, never what stands in it."""

from collections.abc import Sequence
from pathlib import Path

from services.audit.domain.keys import SignatureType, SigningKey
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.pseudonyms import Pseudonymizer
from shared.settings import read_secret


def read_keys(path: Path, *, origin: str) -> Sequence[SigningKey]:
    """The keys that sign the log, one a line.

    Raises:
        ProofRefused: a line is malformed, a key has another name than the log, or none of them is Ed25519.
    """
    try:
        keys = [SigningKey.from_text(line) for line in read_secret(path).splitlines() if line]
    except ProofRefused as refused:
        raise ProofRefused(f"{path}: {refused}") from None
    if any(key.name != origin for key in keys):
        raise ProofRefused(f"{path}: a key is not named {origin}")
    if not any(key.kind is SignatureType.ED25519 for key in keys):
        raise ProofRefused(f"{path}: no Ed25519 key; a log that witnesses shall know needs one")
    return keys


def read_secrecy(path: Path) -> Pseudonymizer:
    """The log's secret: 32 bytes as 64 hex digits.

    Raises:
        ProofRefused: the file holds something else.
    """
    try:
        return Pseudonymizer(bytes.fromhex(read_secret(path)))
    except ValueError:
        raise ProofRefused(f"{path}: expected 64 hex digits") from None
