"""Heads that a proxy and we could understand differently, although each of them is well-formed."""

from collections.abc import Iterable


def read_alike(version: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether one reader finds the same host and the same end of the request as another; names are in small letters."""
    hosts = [value for name, value in headers if name == b"host"]
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if version == "1.0":
        # RFC 9112 section 6.1: whoever speaks 1.0 may have passed the chunks on unread.
        return len(hosts) <= 1 and not codings
    return version == "1.1" and len(hosts) == 1 and codings in ([], [b"chunked"])
