"""Limits of HTTP connections, applied before the caller is known."""

from dataclasses import dataclass
from typing import Self

from shared.settings import HttpListener


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """Sizes in bytes, times in seconds; docs/operations.md says what each protects."""

    head_bytes: int = 32 * 1024
    head_seconds: float = 10.0
    """From a connection's or a request's first byte to the end of its head; TLS handshakes take no longer either."""
    unread_seconds: float = 30.0
    """How long a client may leave an answer unread."""
    linger_seconds: float = 2.0
    """How long the rest of a refused request is discarded, so that its sender sees the refusal."""
    keep_alive_seconds: int = 75
    connections: int = 5000
    connections_per_address: int = 500
    pipelined: int = 16
    """Requests that a client may send before the first of them is answered."""
    proxies: tuple[str, ...] = ()
    """Addresses of reverse proxies: they may open any number of connections, and their word on who asks counts."""

    @classmethod
    def of(cls, listener: HttpListener) -> Self:
        """The limits that the settings describe."""
        return cls(
            keep_alive_seconds=listener.keep_alive_seconds,
            connections=listener.connections,
            connections_per_address=listener.connections_per_address,
            proxies=tuple(map(str, listener.proxies)),
        )
