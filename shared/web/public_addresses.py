"""Which addresses are public; all others are in our own network or lead into it."""

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_NOT_PUBLIC: Final = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast and what is reserved
    )
)
_UNICAST: Final = IPv6Network("2000::/3")
"""What has been given to the Internet; loopback, link-local, unique local, multicast, mapped lie outside."""

_NOT_PUBLIC_6: Final = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # Teredo, benchmarking, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4: leads to an IPv4 address of its writer's choice
        "3fff::/20",
    )
)
_NAT64: Final = IPv6Network("64:ff9b::/96")


def permitted(address: Address, *, allowed: Sequence[Network] = ()) -> bool:
    """Whether requests may go there: it is public or ``allowed``. A mapped address counts as the one it stands for."""
    meant = _meant(address)
    return is_public(meant) or any(
        meant in network for network in allowed if network.version == meant.version
    )


def is_public(address: Address) -> bool:
    """Whether the address belongs to the Internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC)
    return address in _UNICAST and not any(address in network for network in _NOT_PUBLIC_6)


def _meant(address: Address) -> Address:
    """The IPv4 address that a mapped or translated one leads to; else the address."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
