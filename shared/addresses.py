"""The one rule for addresses: every connection beyond loopback, in or out, uses TLS that verifies the server."""

import ipaddress
import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

_UNVERIFIED: Final = re.compile(
    r"ssl_cert_reqs=(none|optional)|ssl_check_hostname=(false|no|0)", re.IGNORECASE
)
_INSTEAD: Final = {"http": "https://", "redis": "rediss://"}
_SECURE: Final = frozenset({"https", "rediss"})
_POSTGRES: Final = frozenset({"postgresql", "postgres"})


class Unprotected(ValueError):  # noqa: N818 - names the fault of the address
    """An address beyond loopback without verified TLS: ``what`` is reached at ``host``; ``instead`` is what to write."""

    def __init__(self, what: str, host: str, instead: str) -> None:
        super().__init__(f"{what} at {host}: beyond loopback only verified TLS; use {instead}")
        self.what, self.host, self.instead = what, host, instead


def loopback(host: str) -> bool:
    """Return whether traffic to this host never leaves the machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def require_loopback(host: str, *, what: str, instead: str) -> None:
    """Refuse an address beyond loopback that is not protected by verified TLS.

    Raises:
        Unprotected: the host is another machine; the text says what is required instead.
    """
    if not loopback(host):
        raise Unprotected(what, host, instead)


def protected_url(url: str) -> str:
    """Return the URL of a server (HTTP, Redis, PostgreSQL) as it is.

    Raises:
        Unprotected: the host is beyond loopback and the connection does not verify the server.
        ValueError: the URL is of another kind.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme in _POSTGRES:
        # Of repeated parameters the last one counts, as for the client.
        if dict(parse_qsl(parts.query)).get("sslmode") != "verify-full":
            require_loopback(host, what="PostgreSQL", instead="sslmode=verify-full")
    elif parts.scheme in _INSTEAD:
        require_loopback(host, what=parts.scheme, instead=_INSTEAD[parts.scheme])
    elif parts.scheme not in _SECURE:
        raise ValueError(
            "unknown kind of address: expected https://, rediss:// or postgresql:// (http:// and redis:// on loopback only)"
        )
    if parts.scheme == "rediss" and _UNVERIFIED.search(parts.query):
        require_loopback(host, what="rediss without verification", instead="ssl_cert_reqs=required")
    return url


def protected_brokers(bootstrap: str, *, protocol: str) -> str:
    """Return Kafka's addresses, ``host:port`` separated by commas, as they are.

    Raises:
        Unprotected: one of them lies beyond loopback, and the protocol is not TLS.
    """
    if not protocol.endswith("SSL"):
        for broker in bootstrap.split(","):
            require_loopback(broker.strip().rpartition(":")[0], what="Kafka", instead="SASL_SSL")
    return bootstrap
