"""What strangers show instead of an access token; also what a token door that has gone wrong would sign."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey

_STRANGE: tuple[Any, ...] = (None, "", 1, True, [], ["desk"], {}, {"a": 1}, "\u0000", "a" * 5000)
_INSTANTS: tuple[Any, ...] = ("1", None, True, [], -1, 0, 1e300, -1e18, 253402300800, 0.5)

_NOT_BEFORE: tuple[Any, ...] = ("1", True, [], 1e300, 253402300799)


@dataclass(frozen=True, kw_only=True)
class TokenGround:
    """The token door's own key, and the claims of a token that is good at a service."""

    key: ECKey
    claims: Mapping[str, Any]

    def good(self) -> str:
        return self.signed(self.claims)

    def signed(self, claims: Mapping[str, Any] | bytes, *, key: ECKey | None = None, **header: Any) -> str:
        head = {"alg": "ES256", "typ": "at+jwt", "kid": self.key.kid} | header
        payload = claims if isinstance(claims, bytes) else json.dumps(dict(claims)).encode()
        return by_hand(head, payload, key=key or self.key)

    def hostile(self) -> dict[str, str]:
        """Tokens that open nothing, by what is the matter with them."""
        return {
            **self._of_strangers(),
            **self._of_headers(),
            **self._of_claims(),
            **self._of_instants(),
            **self._no_tokens(),
        }

    def _of_strangers(self) -> dict[str, str]:
        stranger = ECKey.generate_key("P-256", {"kid": str(self.key.kid)})
        payload, found = json.dumps(dict(self.claims)).encode(), {}
        public = self.key.as_dict(private=False)
        for name, secret in {
            "PEM": self.key.as_pem(private=False),
            "JWK": json.dumps(public).encode(),
            "x": str(public["x"]).encode(),
            "nothing": b"",
        }.items():
            head = _part({"alg": "HS256", "typ": "at+jwt", "kid": self.key.kid}) + "." + _coded(payload)
            mac = hmac.digest(secret, head.encode(), hashlib.sha256)
            found[f"HS256 with the public key as {name}"] = f"{head}.{_coded(mac)}"
        for alg in ("none", "None", "NONE", ""):
            unsigned = _part({"alg": alg, "typ": "at+jwt", "kid": self.key.kid})
            found[f"alg {alg!r}"] = f"{unsigned}.{_coded(payload)}."
        found["signed by a stranger"] = self.signed(self.claims, key=stranger)
        found["with the stranger's own key in it"] = self.signed(
            self.claims, key=stranger, jwk=stranger.as_dict(private=False)
        )
        found["that points to a stranger's keys"] = self.signed(
            self.claims, key=stranger, jku="https://attacker.example/keys", x5u="https://attacker.example/x"
        )
        head, body, _ = self.good().split(".")
        found |= {
            "with another token's signature": f"{head}.{body}.{self.signed(b'{}').split('.')[2]}",
            "with a zero signature": f"{head}.{body}.{_coded(bytes(64))}",
            "without a signature": f"{head}.{body}.",
        }
        return found

    def _of_headers(self) -> dict[str, str]:
        found = {
            f"kid {kid!r:.40}": self.signed(self.claims, kid=kid) for kid in (*_STRANGE[1:], "../../etc/x")
        }
        found |= {f"typ {typ!r:.40}": self.signed(self.claims, typ=typ) for typ in ("JWT", *_STRANGE)}
        payload = json.dumps(dict(self.claims)).encode()
        for alg in (*_STRANGE, "ES384", "RS256", "PS256", "EdDSA"):
            found[f"alg {alg!r:.40}"] = by_hand({"alg": alg, "typ": "at+jwt"}, payload, key=self.key)
        found["crit"] = self.signed(self.claims, crit=["x"], x=1)
        found["b64 false"] = self.signed(self.claims, crit=["b64"], b64=False)
        deep = b'{"alg":"ES256","a":' + b"[" * 5000 + b"]" * 5000 + b"}"
        found["a header nested without end"] = f"{_coded(deep)[:8000]}.e30.AA"
        for name, head in {"a list": b"[]", "a number": b"1", "text": b'"ES256"', "null": b"null"}.items():
            found[f"a header that is {name}"] = f"{_coded(head)}.e30.AA"
        return found

    def _of_claims(self) -> dict[str, str]:
        found = {}
        for name in ("iss", "aud", "sub", "scope", "credential", "iat", "exp"):
            without = {each: value for each, value in self.claims.items() if each != name}
            found[f"without {name}"] = self.signed(without)
        for name in ("iss", "aud", "sub", "credential"):
            for value in _STRANGE:
                found[f"{name} {value!r:.40}"] = self.signed({**self.claims, name: value})
        for value in (None, 1, True, [], [self.claims["scope"]], {}):
            found[f"scope {value!r:.40}"] = self.signed({**self.claims, "scope": value})
        own = self.claims["aud"]
        for audience in ("intake", "doors", "desk", "audit"):
            if audience != own:
                found[f"for {audience}"] = self.signed({**self.claims, "aud": audience})
        found["for several"] = self.signed({**self.claims, "aud": [own, "intake"]})
        found["for a list of one"] = self.signed({**self.claims, "aud": [own]})
        found["of another issuer"] = self.signed({**self.claims, "iss": "https://attacker.example"})
        found["of an issuer with a slash"] = self.signed({**self.claims, "iss": f"{self.claims['iss']}/"})
        members = json.dumps(dict(self.claims)).encode()[1:]
        for name, other in {"aud": "intake", "sub": "somebody", "exp": 0}.items():
            doubled = json.dumps({name: other}).encode()[:-1] + b"," + members
            found[f"{name} twice"] = self.signed(doubled)
        found["claims nested without end"] = self.signed(b'{"a":' * 1500 + b"1" + b"}" * 1500)
        for name, payload in {"a list": b"[]", "null": b"null", "no JSON": b"{", "no UTF-8": b"\xff"}.items():
            found[f"claims that are {name}"] = self.signed(payload)
        found["of a megabyte"] = self.signed({**self.claims, "more": "x" * 1_000_000})
        return found

    def _of_instants(self) -> dict[str, str]:
        issued = self.claims["iat"]
        found = {f"exp {value!r}": self.signed({**self.claims, "exp": value}) for value in _INSTANTS}
        found |= {f"iat {value!r}": self.signed({**self.claims, "iat": value}) for value in _INSTANTS}
        found |= {f"nbf {value!r}": self.signed({**self.claims, "nbf": value}) for value in _NOT_BEFORE}
        found["ended"] = self.signed({**self.claims, "iat": issued - 600, "exp": issued - 300})
        found["that lives for a day"] = self.signed({**self.claims, "exp": issued + 86_400})
        found["of tomorrow"] = self.signed({**self.claims, "iat": issued + 86_400, "exp": issued + 86_700})
        found["issued before the registration"] = self.signed({**self.claims, "iat": issued - 86_400 * 400})
        return found

    def _no_tokens(self) -> dict[str, str]:
        good = self.good()
        return {
            "nothing": "",
            "dots": "...",
            "five parts": f"{good}.AA.AA",
            "two tokens": f"{good},{good}",
            "with a comma": f"{good},",
            "in quotes": f'"{good}"',
            "cut": good[:-1],
            "with a blank inside": good.replace(".", " .", 1),
            "JSON": json.dumps({"payload": good.split(".")[1], "signature": "AA"}),
            "long": "a" * 100_000,
            "padded": "=".join(good.split(".")) + "==",
        }


def by_hand(header: Mapping[str, Any], payload: bytes, *, key: ECKey) -> str:
    """Sign whatever the header says; a library would refuse to."""
    signed = f"{_part(header)}.{_coded(payload)}"
    algorithm = jws.JWSRegistry.algorithms["ES256"]
    return f"{signed}.{_coded(algorithm.sign(signed.encode(), key))}"


def _part(header: Mapping[str, Any]) -> str:
    return _coded(json.dumps(dict(header)).encode())


def _coded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
