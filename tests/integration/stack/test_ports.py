"""The wanted port where it is free, another where it is taken."""

import socket

from amtsweg.stack import ports


def test_a_taken_port_is_replaced() -> None:
    with socket.socket() as taken:
        taken.bind((ports.LOOPBACK, 0))
        taken.listen()
        wanted = taken.getsockname()[1]
        assert ports.free_port(wanted) != wanted


def test_a_free_port_is_kept() -> None:
    wanted = ports.free_port()
    assert ports.free_port(wanted) == wanted
