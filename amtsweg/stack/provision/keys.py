"""The keys of a set-up, made once; files that only their owner can read."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from amtsweg.stack.provision.logins import write_secret
from services.audit.domain.keys import Kind, SigningKey

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """Where each key lies. Private keys are JWK or JWK Sets; secrets are 32 bytes in hexadecimal."""

    folder: Path

    @property
    def platform(self) -> Path:
        """JWK Set: opens content; only the router has it."""
        return self.folder / "platform.jwks"

    @property
    def platform_public(self) -> Path:
        return self.folder / "platform.public.jwk"

    @property
    def notifier(self) -> Path:
        """JWK Set: opens contact data; only the notifier has it."""
        return self.folder / "notifier.jwks"

    @property
    def notifier_public(self) -> Path:
        return self.folder / "notifier.public.jwk"

    @property
    def authorities_public(self) -> Path:
        """JSON object from authority id to its public JWK."""
        return self.folder / "authorities.json"

    def authority(self, authority: str) -> Path:
        """The private JWK of an authority, which in production only the authority has."""
        return self.folder / "authorities" / f"{authority}.jwk"

    @property
    def tokens(self) -> Path:
        """JWK that signs access tokens; only the token door has it."""
        return self.folder / "tokens.jwk"

    @property
    def content_hashes(self) -> Path:
        """Secret of the keyed hashes in receipts."""
        return self.folder / "content-hashes.key"

    @property
    def log(self) -> Path:
        """The log's signing keys, one a line: Ed25519 and ML-DSA-44."""
        return self.folder / "log.keys"

    def log_verifier(self) -> str:
        """The public Ed25519 key of the log, as every verifier reads it (C2SP signed-note)."""
        return SigningKey.from_text(self.log.read_text().splitlines()[0]).verifier.to_text()

    @property
    def pseudonyms(self) -> Path:
        """Secret of the log's pseudonyms."""
        return self.folder / "pseudonyms.key"


def make(folder: Path, *, authorities: Sequence[str], log_origin: str) -> Keys:
    """The keys below `folder`; what is missing is made, what is there stays."""
    keys = Keys(folder)
    (folder / "authorities").mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    _sealing(keys.platform, public=keys.platform_public, kid="platform")
    _sealing(keys.notifier, public=keys.notifier_public, kid="notifier")
    _once(keys.tokens, lambda: _json(_key("tokens", alg="ES256", use="sig")))
    _once(keys.content_hashes, lambda: secrets.token_hex(_SECRET_BYTES))
    _once(keys.pseudonyms, lambda: secrets.token_hex(_SECRET_BYTES))
    _once(
        keys.log,
        lambda: "".join(f"{_log_key(log_origin, kind)}\n" for kind in (Kind.ED25519, Kind.ML_DSA_44)),
    )
    _authorities(keys, authorities)
    return keys


def _sealing(private: Path, *, public: Path, kid: str) -> None:
    _once(private, lambda: _json({"keys": [json.loads(_sealing_key(kid))]}))
    newest = json.loads(private.read_text())["keys"][-1]
    write_secret(public, _json(_public(newest)))


def _authorities(keys: Keys, authorities: Sequence[str]) -> None:
    public = {}
    for authority in authorities:
        path = keys.authority(authority)
        _once(path, partial(_sealing_key, authority))
        public[authority] = _public(json.loads(path.read_text()))
    write_secret(keys.authorities_public, _json(public))


def _sealing_key(owner: str) -> str:
    return _json(_key(f"{owner}-1", alg="ECDH-ES+A256KW", use="enc"))


def _key(kid: str, *, alg: str, use: str) -> dict[str, Any]:
    """A private EC P-256 JWK."""
    return dict(ECKey.generate_key("P-256", {"kid": kid, "alg": alg, "use": use}).as_dict(private=True))


def _public(private: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in private.items() if name != "d"}


def _log_key(origin: str, kind: Kind) -> str:
    return SigningKey(origin, kind, secrets.token_bytes(_SECRET_BYTES)).to_text()


def _once(path: Path, make_text: Callable[[], str]) -> None:
    if not path.exists():
        write_secret(path, make_text())


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1) + "\n"
