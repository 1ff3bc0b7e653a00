"""Whom a limit counts as one: whoever has an IPv6 network of their own has more addresses than any limit can remember."""

import ipaddress

from starlette.requests import HTTPConnection


def origin_of(host: str) -> str:
    """The address that a limit counts: one IPv4 address, or the /64 that one IPv6 customer has."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if address.version == 4:  # noqa: PLR2004 - the protocol's version
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def asker(request: HTTPConnection) -> str:
    """Who sends this request, as a limit counts them; empty where the server does not know."""
    return origin_of(request.client.host) if request.client else ""
