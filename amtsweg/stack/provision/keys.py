"""The keys of a set-up, made once. What one service may read lies in one folder, and nothing else is in there."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from amtsweg.stack.provision.authority_keys import AuthorityKeys
from amtsweg.stack.provision.logins import write_secret
from services.audit.domain.keys import SignatureType, SigningKey
from shared.bounded_files import read_bounded_text

TAKING_TOKENS = ("doors", "desk")
"""The processes that take access tokens which intake has signed."""

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keyring:
    """Where each key lies. Secrets are 32 bytes in hexadecimal, keys are JWK (`.jwk`) or JWK Sets (`.jwks`)."""

    folder: Path

    def of(self, owner: str, file: str) -> Path:
        return self.folder / owner / file

    def of_authority(self, authority: str, file: str) -> Path:
        """What in production only the authority itself has."""
        return self.folder / "authorities" / authority / file

    @property
    def platform(self) -> Path:
        """Opens content; the router's alone."""
        return self.of("router", "platform.jwks")

    @property
    def authorities(self) -> Path:
        """JSON object from authority id to its public JWK."""
        return self.of("router", "authorities.json")

    @property
    def contacts(self) -> Path:
        """Opens contact data; the notifier's alone."""
        return self.of("notifier", "contacts.jwks")

    @property
    def tokens(self) -> Path:
        """Signs access tokens; intake's alone."""
        return self.of("intake", "tokens.jwk")

    def tokens_public(self, process: str) -> Path:
        """Tells tokens of ours; for a process that takes them besides intake."""
        return self.of(process, "tokens.public.jwks")

    def sign_in(self, process: str) -> Path:
        """The secret of a process whose page people sign in to, at the issuer."""
        return self.of(process, "sign-in-secret")

    @property
    def hashes(self) -> Path:
        """Keys the hashes of content and requests."""
        return self.of("intake", "hashes.key")

    @property
    def answers(self) -> Path:
        """Keys the hashes of answers."""
        return self.of("doors", "hashes.key")

    @property
    def webhooks(self) -> Path:
        """Signs webhooks; the doors' alone."""
        return self.of("doors", "webhooks.keys")

    @property
    def mailboxes(self) -> Path:
        """Signs what goes to platforms' mailboxes; the notifier's alone."""
        return self.of("notifier", "mailboxes.keys")

    @property
    def return_paths(self) -> Path:
        """Keys the addresses that mails come back to; the notifier's alone."""
        return self.of("notifier", "return-paths.keys")

    @property
    def platform_public(self) -> Path:
        return self.of("intake", "platform.public.jwk")

    @property
    def contacts_public(self) -> Path:
        return self.of("intake", "contacts.public.jwk")

    @property
    def log(self) -> Path:
        """Sign the log, one a line: Ed25519, ML-DSA-44."""
        return self.of("audit", "log.keys")

    @property
    def pseudonyms(self) -> Path:
        """Keys the log's pseudonyms."""
        return self.of("audit", "pseudonyms.key")

    @property
    def policy(self) -> Path:
        """Who must cosign the log (C2SP tlog-policy)."""
        return self.of("audit", "log.policy")

    def log_verifiers(self) -> Sequence[str]:
        """The log's public keys, Ed25519 first (C2SP signed-note)."""
        return [
            SigningKey.from_text(line).verifier.to_text() for line in read_bounded_text(self.log).splitlines()
        ]

    def log_verifier(self) -> str:
        """The log's public Ed25519 key, which every verifier reads."""
        return self.log_verifiers()[0]


def make_keys(folder: Path, *, authorities: Sequence[str], log_origin: str) -> Keyring:
    """The keys below `folder`; what is missing is made, what is there stays."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = Keyring(folder)
    _sealing_pair(keys.platform, public=keys.platform_public, owner="platform")
    _sealing_pair(keys.contacts, public=keys.contacts_public, owner="notifier")
    _authorities(keys, authorities)
    once(keys.tokens, lambda: _json(_key("tokens-1", alg="ES256", use="sig")))
    for process in TAKING_TOKENS:
        write_secret(
            keys.tokens_public(process),
            _json({"keys": [_public(json.loads(read_bounded_text(keys.tokens)))]}),
        )
    keyed = (keys.hashes, keys.answers, keys.webhooks, keys.mailboxes, keys.return_paths, keys.pseudonyms)
    for secret in keyed:
        once(secret, lambda: secrets.token_hex(_SECRET_BYTES))
    once(
        keys.log,
        lambda: "".join(
            f"{_log_key(log_origin, kind)}\n" for kind in (SignatureType.ED25519, SignatureType.ML_DSA_44)
        ),
    )
    return keys


def make_client_key(path: Path, *, client: str) -> dict[str, Any]:
    """Return the public key of a client whose private one is, or comes to lie, at `path`."""
    once(path, lambda: _json(_key(f"{client}-{secrets.token_hex(4)}", alg="ES256", use="sig")))
    return _public(json.loads(read_bounded_text(path)))


def make_decryption_key(path: Path, *, owner: str) -> dict[str, Any]:
    """Return the public key that others seal to; the private one is, or comes to lie, at `path`."""
    once(path, lambda: _json(_key(f"{owner}-{secrets.token_hex(4)}", alg="ECDH-ES+A256KW", use="enc")))
    return _public(json.loads(read_bounded_text(path)))


def make_token(path: Path) -> str:
    """The token at `path`, a new one if there is none."""
    once(path, lambda: secrets.token_urlsafe(_SECRET_BYTES))
    return read_bounded_text(path)


def once(path: Path, make_text: Callable[[], str]) -> None:
    if not path.exists():
        write_secret(path, make_text())


def _sealing_pair(private: Path, *, public: Path, owner: str) -> None:
    once(private, lambda: _json({"keys": [_sealing_key(owner)]}))
    write_secret(public, _json(_public(json.loads(read_bounded_text(private))["keys"][-1])))


def _authorities(keys: Keyring, authorities: Sequence[str]) -> None:
    """Their own keys, and the public ones in the router's file; what was added or changed there stays."""
    known = AuthorityKeys(keys.authorities).all()
    public = {name: found[0] if len(found) == 1 else {"keys": found} for name, found in known.items()}
    for authority in authorities:
        path = keys.of_authority(authority, "decryption.jwk")
        made = not path.exists()
        once(path, partial(_new_authority_key, authority))
        if made or authority not in public:
            document = json.loads(read_bounded_text(path))
            public[authority] = _public(document.get("keys", [document])[0])
    write_secret(keys.authorities, _json(public))


def make_authority_key(path: Path, *, authority: str) -> dict[str, Any]:
    """A private key at `path`, at the head of those that are there (JWK Set); return its public part."""
    new = _key(f"{authority}-{secrets.token_hex(4)}", alg="ECDH-ES+A256KW", use="enc")
    if path.exists():
        before = json.loads(read_bounded_text(path))
        write_secret(path, _json({"keys": [new, *before.get("keys", [before])]}))
    else:
        write_secret(path, _json(new))
    return _public(new)


def _new_authority_key(authority: str) -> str:
    return _json(_sealing_key(authority))


def _sealing_key(owner: str) -> dict[str, Any]:
    return _key(f"{owner}-1", alg="ECDH-ES+A256KW", use="enc")


def _key(kid: str, *, alg: str, use: str) -> dict[str, Any]:
    """A private EC P-256 JWK."""
    return dict(ECKey.generate_key("P-256", {"kid": kid, "alg": alg, "use": use}).as_dict(private=True))


def _public(private: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in private.items() if name != "d"}


def _log_key(origin: str, kind: SignatureType) -> str:
    return SigningKey(origin, kind, secrets.token_bytes(_SECRET_BYTES)).to_text()


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=1) + "\n"
