"""Keys that sign notes: their written forms (C2SP signed-note) and what each kind signs.

Kind 01 signs the text itself; kinds 04 and 06 are C2SP cosignatures, which carry their time (POSIX seconds).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import MAX_SIZE, from_base64, to_base64
from services.audit.domain.proof_refused import ProofRefused

_ID_BYTES = 4
_TIME_BYTES = 8
_SEED_BYTES = 32
_PRIVATE = "PRIVATE+KEY+"


class SignatureType(IntEnum):
    """The signature types of C2SP signed-note that this log makes or reads."""

    ED25519 = 0x01
    COSIGNATURE = 0x04
    ML_DSA_44 = 0x06

    @property
    def public_bytes(self) -> int:
        """The length of a public key of this kind."""
        return 1312 if self is SignatureType.ML_DSA_44 else 32

    @property
    def timed(self) -> bool:
        """True where the signature states its time."""
        return self is not SignatureType.ED25519


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name of its owner."""

    name: str
    kind: SignatureType
    public: bytes
    id: bytes = field(init=False)

    def __post_init__(self) -> None:
        """Check the name and compute the key id."""
        _check_name(self.name)
        if len(self.public) != self.kind.public_bytes:
            raise ProofRefused(f"key {self.name}: the public key is not {self.kind.public_bytes} bytes long")
        object.__setattr__(self, "id", _key_id(self.name, self.kind, self.public))

    @classmethod
    def from_text(cls, vkey: str) -> Self:
        """Read ``name+id+key``.

        Raises:
            ProofRefused: it is malformed, of an unknown kind, or its id is not that of its key.
        """
        name, hex_id, kind, public = _parts(vkey)
        key = cls(name, kind, public)
        if key.id.hex() != hex_id:
            raise ProofRefused(f"key {name}: the id is not that of the key")
        return key

    def to_text(self) -> str:
        """The written form, ``name+id+key``."""
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"

    def verify(self, text: str, signature: bytes) -> int | None:
        """Check a signature over a note's text; return the time that it states.

        Raises:
            ProofRefused: the signature is not this key's over this text.
        """
        time, value = None, signature
        if self.kind.timed:
            time, value = int.from_bytes(signature[:_TIME_BYTES], "big"), signature[_TIME_BYTES:]
            if time >= MAX_SIZE:
                raise ProofRefused(f"signature of {self.name}: its time does not fit 63 bits")
        try:
            _public_key(self.kind, self.public).verify(value, _message(self.kind, self.name, text, time))
        except (InvalidSignature, ValueError):
            raise ProofRefused(f"signature of {self.name}: it does not fit the text") from None
        return time


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key; its seed appears in no representation."""

    name: str
    kind: SignatureType
    seed: bytes = field(repr=False)
    verifier: VerifierKey = field(init=False)
    _sign: Callable[[bytes], bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Derive the public key."""
        if len(self.seed) != _SEED_BYTES:
            raise ProofRefused(f"key {self.name}: the seed is not 32 bytes long")
        private: Ed25519PrivateKey | MLDSA44PrivateKey
        if self.kind is SignatureType.ML_DSA_44:
            private = MLDSA44PrivateKey.from_seed_bytes(self.seed)
        else:
            private = Ed25519PrivateKey.from_private_bytes(self.seed)
        public = private.public_key().public_bytes_raw()
        object.__setattr__(self, "verifier", VerifierKey(self.name, self.kind, public))
        object.__setattr__(self, "_sign", private.sign)

    @classmethod
    def from_text(cls, key: str) -> Self:
        """Read ``PRIVATE+KEY+name+id+seed``; error texts never hold the seed.

        Raises:
            ProofRefused: it is malformed, of an unknown kind, or its id is not that of its key.
        """
        if not key.startswith(_PRIVATE):
            raise ProofRefused("signing key: expected PRIVATE+KEY+name+id+seed")
        name, hex_id, kind, seed = _parts(key.removeprefix(_PRIVATE))
        signing = cls(name, kind, seed)
        if signing.verifier.id.hex() != hex_id:
            raise ProofRefused(f"key {name}: the id is not that of the key")
        return signing

    def to_text(self) -> str:
        """The written form. It holds the private key: a reader of it can sign."""
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{to_base64(bytes([self.kind]) + self.seed)}"

    def sign(self, text: str, time: int) -> bytes:
        """Sign a note's text; kinds 04 and 06 state ``time``, POSIX seconds, and put it first."""
        message = _message(self.kind, self.name, text, time)
        stated = time.to_bytes(_TIME_BYTES, "big") if self.kind.timed else b""
        return stated + self._sign(message)


def _message(kind: SignatureType, name: str, text: str, time: int | None) -> bytes:
    match kind:
        case SignatureType.ED25519:
            return text.encode()
        case SignatureType.COSIGNATURE:
            return f"cosignature/v1\ntime {time}\n{text}".encode()
        case SignatureType.ML_DSA_44:
            checkpoint = Checkpoint.from_text(text)
            return b"".join(
                (
                    b"subtree/v1\n\0",
                    _opaque(name),
                    (time or 0).to_bytes(8, "big"),
                    _opaque(checkpoint.origin),
                    (0).to_bytes(8, "big"),
                    checkpoint.size.to_bytes(8, "big"),
                    checkpoint.root,
                )
            )


def _opaque(text: str) -> bytes:
    value = text.encode()
    if not 1 <= len(value) <= 255:  # noqa: PLR2004 - the length is one byte
        raise ProofRefused("ML-DSA-44 signs names and origins of 1 to 255 bytes")
    return bytes([len(value)]) + value


def _public_key(kind: SignatureType, public: bytes) -> Ed25519PublicKey | MLDSA44PublicKey:
    if kind is SignatureType.ML_DSA_44:
        return MLDSA44PublicKey.from_public_bytes(public)
    return Ed25519PublicKey.from_public_bytes(public)


def _key_id(name: str, kind: SignatureType, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:_ID_BYTES]


def _check_name(name: str) -> None:
    if not is_key_name(name):
        raise ProofRefused("key name: empty, or it holds a space, a plus or a control character")


def is_key_name(name: str) -> bool:
    """True for a name that may stand in a signature line: no Unicode space, no plus, no control."""
    return bool(name) and not any(c.isspace() or c == "+" or c < " " for c in name)


def _parts(text: str) -> tuple[str, str, SignatureType, bytes]:
    name, _, rest = text.partition("+")
    hex_id, _, encoded = rest.partition("+")
    data = from_base64(encoded, "key")
    if not data or data[0] not in set(SignatureType):
        raise ProofRefused("key: expected name+id+key of type 01, 04 or 06")
    return name, hex_id, SignatureType(data[0]), data[1:]
