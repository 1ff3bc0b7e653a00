"""Heads of requests: those that a proxy could read differently than we do, and those that offer another protocol."""

from collections.abc import Iterable
from typing import Final

_OFFERS: Final = frozenset({b"upgrade", b"http2-settings"})


def is_unambiguous(version: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether every reader finds the same host and the same end of the request, against request smuggling.

    Header names are in lower case.
    """
    hosts = [value for name, value in headers if name == b"host"]
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if version == "1.0":
        # RFC 9112 section 6.1: a sender of HTTP/1.0 may have passed the chunks on unread.
        return len(hosts) <= 1 and not codings
    return version == "1.1" and len(hosts) == 1 and codings in ([], [b"chunked"])


def head_without_upgrade(
    method: bytes, target: bytes, version: str, headers: Iterable[tuple[bytes, bytes]]
) -> bytes:
    """The head of the same request without the offer of another protocol, which RFC 9110 section 7.8 lets us ignore.

    Java's own client offers HTTP/2 (``Upgrade: h2c``) with its first request. httptools then takes the body for the
    other protocol and leaves it out, so the head is written without the offer and parsed again. Header names are in
    lower case.
    """
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
