"""Ports on the loopback interface: the wanted one where it is free, another where it is taken."""

import random
import socket
from contextlib import closing

LOOPBACK = "127.0.0.1"
# Below the range from which the kernel picks ports for outgoing connections, so that a part that was killed
# finds its port free again.
_OTHERS = range(17_000, 32_000)
_TRIES = 100


def is_free(port: int) -> bool:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(wanted: int | None = None) -> int:
    """The wanted port if nothing listens there, else a random free one."""
    if wanted is not None and is_free(wanted):
        return wanted
    for port in random.sample(_OTHERS, _TRIES):
        if is_free(port):
            return port
    raise OSError(f"no free port found on {LOOPBACK} in {_TRIES} tries")


def answers(port: int) -> bool:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0
