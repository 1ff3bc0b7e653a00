"""Which server a command has asked last: where it does not answer, the command names it and says what to do."""

import asyncio
import socket
from typing import Any, Final
from urllib.parse import urlsplit

from amtsweg.language import language, said
from shared.postgres.pool import Pool, open_pool
from shared.telemetry.reason_words import reason_words

_LISTENS_SECONDS: Final = 5.0
_ANSWERS_SECONDS: Final = 10.0

_LAST: list[tuple[str, str]] = []


def asking(server: str, address: str) -> None:
    """Note the server and its address, which may be a URL; a password in it is not noted."""
    parts = urlsplit(address if "//" in address else f"//{address}")
    _LAST[:] = [(server, parts.netloc.rpartition("@")[2] or address)]


def asking_nobody() -> None:
    """A call begins."""
    _LAST.clear()


def listening(addresses: str) -> None:
    """Return once a server of a list like ``host:port,host:port`` takes a connection.

    Raises:
        OSError: none does.
    """
    first: OSError | None = None
    for address in addresses.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=_LISTENS_SECONDS).close()
        except OSError as error:
            first = first or error
        else:
            return
    if first is not None:
        raise ConnectionError(str(first)) from first


async def asked_pool(url: str, **settings: Any) -> Pool:
    """`shared.postgres.pool.open_pool`, and the server is noted."""
    asking("PostgreSQL", url)
    async with asyncio.timeout(_ANSWERS_SECONDS):  # a frozen server takes connections and says nothing
        return await open_pool(url, **settings)


def not_reached(error: BaseException) -> str:
    """Which server did not answer, the technical name of the failure, and what helps."""
    text = said(de="Nicht erreichbar, später noch einmal versuchen", en="not reachable, try again later")
    if not _LAST:
        return f"{text}: {reason_words(str(error), language())}"
    [(server, address)] = _LAST
    cause = error if isinstance(error, TimeoutError) else error.__cause__ or error
    failure = type(cause).__name__
    return said(
        de=f"{text}: {server} unter {address} ({failure}). Ob der Server läuft, sagt beim lokalen Stapel `amtsweg status`; "
        "`amtsweg up` startet ihn. Sonst die Adresse prüfen und ob der Weg dorthin offen ist.",
        en=f"{text}: {server} at {address} ({failure}). Of the local stack, `amtsweg status` says whether the server runs; "
        "`amtsweg up` starts it. Otherwise check the address, and whether the way there is open.",
    )
