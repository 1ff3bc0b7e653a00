"""A request that offers another protocol is answered in HTTP/1.1, as RFC 9110 section 7.8 allows.

Java's own client offers HTTP/2 (``Upgrade: h2c``) with its first request. httptools then takes the body for the other
protocol and leaves it out, so the head is written once more without the offer, and parsed again.
"""

from collections.abc import Iterable
from typing import Final

_OFFERS: Final = frozenset({b"upgrade", b"http2-settings"})


def head_without_upgrade(
    method: bytes, target: bytes, version: str, headers: Iterable[tuple[bytes, bytes]]
) -> bytes:
    """The head of the same request without the offer; names are in lower case, values as they came."""
    lines = [b"%b %b HTTP/%b" % (method, target, version.encode())]
    for name, value in headers:
        if name == b"connection":
            value = b", ".join(_kept(value))  # noqa: PLW2901 - the same header, shorter
        if name not in _OFFERS and (value or name != b"connection"):
            lines.append(b"%b: %b" % (name, value))
    return b"\r\n".join([*lines, b"\r\n"])


def _kept(connection: bytes) -> Iterable[bytes]:
    options = (option.strip() for option in connection.split(b","))
    return (option for option in options if option and option.lower() not in _OFFERS)
