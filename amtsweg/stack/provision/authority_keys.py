"""The authorities' public keys as the router reads them: a JWK Set each; a key that is on its way out has an end (`exp`)."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from amtsweg.language import said
from amtsweg.stack.provision.logins import write_secret
from shared.bounded_files import LARGE, read_bounded
from shared.crypto.key_strength import strong_key

PublicJwk = dict[str, Any]


class AuthorityKeys:
    """The file that the router is told of; it looks at it every 30 seconds."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> dict[str, list[PublicJwk]]:
        """The keys of each authority, the newest first."""
        document = json.loads(read_bounded(self._path, most=LARGE)) if self._path.exists() else {}
        return {authority: list(entry.get("keys", [entry])) for authority, entry in document.items()}

    def put(self, authority: str, key: Mapping[str, Any], *, others_until: datetime) -> None:
        """Seal for this key from now on; for those that there were, until then.

        Raises:
            ValueError: it is private, too weak, or has the `kid` of another one of this authority.
        """
        new = public_key(key)
        found = self.all()
        others = found.get(authority, [])
        if any(each["kid"] == new["kid"] for each in others):
            raise ValueError(
                said(
                    de=f"kid {new['kid']}: Diese Stelle hatte schon einen Schlüssel dieses Namens",
                    en=f"kid {new['kid']}: this authority has had a key of that name",
                )
            )
        end = int(others_until.timestamp())
        found[authority] = [new, *({**each, "exp": min(each.get("exp", end), end)} for each in others)]
        self._write(found)

    def end(self, authority: str, *, kid: str, at: datetime) -> bool:
        """Seal no more for this key; False if the authority has none of that name.

        Raises:
            ValueError: it is the last one in use: nothing could be handed to the authority any more.
        """
        found = self.all()
        keys = found.get(authority, [])
        if all(each["kid"] != kid for each in keys):
            return False
        left = [each for each in keys if each["kid"] != kid]
        if not in_use(left, now=at):
            raise ValueError(
                said(
                    de=f"kid {kid}: der einzige Schlüssel in Gebrauch; geben Sie der Stelle zuerst einen anderen",
                    en=f"kid {kid}: the only key in use; give the authority another one first",
                )
            )
        found[authority] = left
        self._write(found)
        return True

    def _write(self, found: Mapping[str, Sequence[PublicJwk]]) -> None:
        document = {
            authority: dict(keys[0]) if len(keys) == 1 and "exp" not in keys[0] else {"keys": list(keys)}
            for authority, keys in found.items()
        }
        write_secret(self._path, json.dumps(document, indent=1) + "\n")


def in_use(keys: Sequence[PublicJwk], *, now: datetime) -> list[PublicJwk]:
    """Those that are sealed for now."""
    return [each for each in keys if each.get("exp", float("inf")) > now.timestamp()]


def public_key(key: Mapping[str, Any]) -> PublicJwk:
    """The JWK with a `kid`, which is its thumbprint where it has none.

    Raises:
        ValueError: it is private or not strong enough.
    """
    if "d" in key:
        raise ValueError(
            said(
                de="ein privater Schlüssel; weitergegeben wird nur der öffentliche Teil",
                en="a private key: only the public part is handed over",
            )
        )
    strong = strong_key(key, use="sealing")
    return {**key, "kid": str(key.get("kid") or strong.thumbprint())}
