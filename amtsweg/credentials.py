"""Making the credentials of principals: secrets that are rolled and shown once, public keys that are strong enough."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from amtsweg.input_words import of_file
from amtsweg.language import said
from amtsweg.named_file import WrongFile, object_in
from shared.access.principal import Credential
from shared.access.secrets import hashed
from shared.crypto.key_strength import strong_key
from shared.events.sealed_answer import SealingKey
from shared.local_time import local_time

_SECRET_BYTES: Final = 32
_SEALING: Final = frozenset(SealingKey.model_fields)


def roll_secret() -> str:
    """A new secret: URL-safe, 256 bits."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def still_holds(overlap: timedelta, *, now: datetime) -> str:
    """How long what was valid before a rotation goes on, in words."""
    if not overlap:
        return said(de="nicht mehr", en="no more")
    until = now + overlap
    return said(de=f"bis {local_time(until)}", en=f"until {local_time(until, 'en')}")


def secret_credential(secret: str, *, now: datetime) -> Credential:
    """The credential that a secret is kept as; its id tells nothing about it."""
    return _credential(hashed(secret), now=now)


def rolled_credential(secret: str, *, now: datetime) -> Credential:
    """The same for a secret of `roll_secret`: nobody guesses 256 bits, so hashing hundreds need not take its time."""
    return _credential(hashed(secret, passes=1, memory_kib=8), now=now)


def _credential(secret_hash: str, *, now: datetime) -> Credential:
    own_id = f"secret-{now:%Y%m%d}-{secrets.token_hex(4)}"
    return Credential(id=own_id, secret_hash=secret_hash, valid_from=now)


def auditor_token(auditor: str, secret: str) -> str:
    """What an auditor shows with every look: their id, and the secret."""
    return f"{auditor}.{secret}"


def sealing_key(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """The public JWK that others seal to, as it is registered: what it needs and no more; ``kid`` as in `key_credential`.

    Raises:
        ValueError: it is private, malformed or not strong enough.
    """
    if "d" in jwk:
        raise ValueError(
            said(
                de="ein privater Schlüssel; eingetragen wird nur der öffentliche Teil",
                en="a private key: only the public part is registered",
            )
        )
    key = strong_key(jwk, use="sealing")
    named = {"kid": key.thumbprint()} | {name: value for name, value in jwk.items() if name in _SEALING}
    return SealingKey.model_validate(named).model_dump(by_alias=True, exclude_none=True)


def key_credential(jwk: Mapping[str, Any], *, now: datetime) -> Credential:
    """The credential of a public key; its id is the ``kid``, or the thumbprint where it has none (RFC 7638).

    Raises:
        ValueError: it is private, malformed or not strong enough.
    """
    if "d" in jwk:
        raise ValueError(
            said(
                de="ein privater Schlüssel; eingetragen wird nur der öffentliche Teil",
                en="a private key: only the public part is registered",
            )
        )
    key = strong_key(jwk)
    kid = str(jwk.get("kid") or key.thumbprint())
    return Credential(id=kid, key={**jwk, "kid": kid}, valid_from=now)


def read_jwk(path: Path) -> Mapping[str, Any]:
    """The key in a file.

    Raises:
        WrongFile: the file cannot be read, or holds no JSON object.
    """
    try:
        return object_in(path)
    except OSError as error:
        raise WrongFile(of_file(error)) from None


def asked_credential(
    client: str, public_key: Path | None, *, kind: str | None, now: datetime
) -> tuple[Credential, str]:
    """The credential for what was asked for, and what is said about it once: a secret, an auditor's token, or nothing.

    Raises:
        ValueError: the key cannot be taken; the text says so in the language of the call.
    """
    secret = roll_secret()
    if kind == "auditor":
        if public_key is not None:
            raise ValueError(
                said(
                    de="--public-key: Prüfende zeigen ein Token; ohne die Angabe wird es gewürfelt.",
                    en="--public-key: auditors show a token; without the option it is rolled.",
                )
            )
        return rolled_credential(secret, now=now), f" Token: {auditor_token(client, secret)}"
    if public_key is None:
        return secret_credential(secret, now=now), said(de=f" Geheimnis: {secret}", en=f" Secret: {secret}")
    try:
        return key_credential(read_jwk(public_key), now=now), ""
    except ValueError as error:
        raise ValueError(
            said(
                de=f"--public-key {public_key}: Erwartet wird der öffentliche Teil eines Schlüssels als JWK: RSA ab "
                "3072 Bit, EC P-256 oder P-384, oder Ed25519.",
                en=f"--public-key {public_key}: {error}. Expected is the public part of a key as JWK.",
            )
        ) from None
