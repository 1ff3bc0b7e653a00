"""Which addresses something may be sent to: what leads into our own network never does, however it is written."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.public_addresses import permitted

PRIVATE = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
]
V4 = st.one_of(*(st.ip_addresses(v=4, network=network) for network in PRIVATE))
V6 = st.one_of(
    *(
        st.ip_addresses(v=6, network=network)
        for network in (
            "::/8",
            "fc00::/7",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
            "2002::/16",
            "2001::/32",
            "2001:db8::/32",
            "100::/64",
        )
    )
)


def as_mapped(address: IPv4Address) -> IPv6Address:
    return IPv6Address(b"\x00" * 10 + b"\xff\xff" + address.packed)


def as_nat64(address: IPv4Address) -> IPv6Address:
    return IPv6Address(IPv6Address("64:ff9b::").packed[:12] + address.packed)


@given(V4)
def test_no_way_of_writing_a_private_address_makes_it_public(address: IPv4Address) -> None:
    assert not any(permitted(each) for each in (address, as_mapped(address), as_nat64(address)))


@given(V6.filter(lambda a: a.ipv4_mapped is None and a not in ip_network("64:ff9b::/96")))
def test_nothing_of_ipv6_that_is_local_reserved_or_a_tunnel_is_public(address: IPv6Address) -> None:
    assert not permitted(address)


@given(st.ip_addresses(v=4))
def test_what_the_standard_library_calls_private_is_never_permitted(address: IPv4Address) -> None:
    if not address.is_global or address.is_multicast or address.is_unspecified or address.is_reserved:
        assert not permitted(address)


@given(st.ip_addresses(v=6))
def test_the_same_for_ipv6(address: IPv6Address) -> None:
    if address.is_private or address.is_link_local or address.is_multicast or address.is_loopback:
        assert not permitted(address)


@given(V4, st.sampled_from([as_mapped, as_nat64]))
def test_what_is_allowed_is_that_network_and_no_other(address: IPv4Address, written: object) -> None:
    assert callable(written)
    allowed = [ip_network(f"{address}/32")]

    assert permitted(address, allowed=allowed)
    assert permitted(written(address), allowed=allowed)
    assert not permitted(IPv4Address(int(address) ^ 1), allowed=allowed)


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_what_is_public_is_permitted(text: str) -> None:
    assert permitted(ip_address(text))
