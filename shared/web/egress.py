"""Requests to addresses that others have named, without access to our own network (against SSRF).

A name is resolved once per connection; every address that it has must be public, or lie in a network that the
operator has allowed; the connection goes to exactly such an address, with the name for TLS and ``Host``. Nothing is
redirected, decompressed or believed; answers are cut off by size and time.
"""

import asyncio
import ipaddress
import ssl
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

import httpcore

from shared.web.bilingual import Bilingual
from shared.web.name_lookups import NameLookups, Resolve, resolved
from shared.web.public_addresses import Address, Network, permitted

CONNECT_SECONDS: Final = 5.0
ANSWER_BYTES: Final = 16 * 1024
"""How much of an answer is read; whoever sends more is cut off."""

LONGEST_URL: Final = 2000
_KEPT_SECONDS: Final = 30.0
_POOLS: Final = 1000
"""Parties whose connections are kept; many more than there are calls at once."""

_FAILURES: Final = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)


class NotPermitted(ValueError):  # noqa: N818 - named for what is wrong
    """An address that nothing is sent to; ``why`` says it, never what a name was resolved to."""

    def __init__(self, why: Bilingual) -> None:
        super().__init__(why.en)
        self.why = why


class NotReached(Exception):  # noqa: N818 - what happened
    """No answer came: refused, reset, too slow, not HTTP, a certificate that does not hold."""


@dataclass(frozen=True, slots=True)
class EgressAnswer:
    """What came back: the status, and headers by their lower-case names."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


class Egress:
    """Sends POST requests to external receivers. ``allowed`` are networks that may be reached although they are not public.

    Each party (``of``) has connections of its own, so many at most: one whose receivers hang delays nobody else.
    """

    def __init__(
        self, *, allowed: Iterable[Network] = (), connections: int = 8, resolve: Resolve | None = None
    ) -> None:
        networks = tuple(allowed)
        self._may: dict[str, Callable[[Address], bool]] = {"https": partial(permitted, allowed=networks)}
        near = [network for network in networks if network.is_loopback]
        if near:
            self._may["http"] = partial(_within, networks=near)
        if find_spec("sniffio") is None:
            # httpcore looks for it several times in each request; a search that finds nothing takes a millisecond.
            sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type] # the import system's own word for "absent"
        self._connections = connections
        self._resolve = resolve or resolved
        self._pools: OrderedDict[tuple[str, str], httpcore.AsyncConnectionPool] = OrderedDict()
        self._ssl = ssl.create_default_context()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.aclose()

    def vet(self, url: str) -> SplitResult:
        """The parts of a URL that may be sent to, as far as can be said without resolving its name.

        Raises:
            NotPermitted: it is none.
        """
        parts = _parts(url)
        if parts.scheme not in self._may:
            raise NotPermitted(Bilingual(de="verlangt wird https", en="https is required"))
        address = _literal(parts.hostname or "")
        if address is not None and not self._may[parts.scheme](address):
            raise NotPermitted(
                Bilingual(de="diese Adresse ist nicht öffentlich", en="this address is not public")
            )
        return parts

    async def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str], seconds: float, of: str = ""
    ) -> EgressAnswer:
        """Send, and return the answer's head once all of it has come, or as much as is read.

        Raises:
            NotPermitted: the URL, or what its name is resolved to.
            NotReached: no answer came within the time.
        """
        pool = await self._pool(self.vet(url).scheme, of)
        try:
            async with asyncio.timeout(seconds):
                return await self._post(pool, url, body, headers)
        except NotPermitted:
            raise
        except TimeoutError:
            raise NotReached(f"no answer within {seconds:g} s") from None
        except (*_FAILURES, OSError, UnicodeError) as error:
            raise NotReached(type(error).__name__) from error

    async def _pool(self, scheme: str, of: str) -> httpcore.AsyncConnectionPool:
        pool = self._pools.pop((scheme, of), None) or httpcore.AsyncConnectionPool(
            ssl_context=self._ssl,
            max_connections=self._connections,
            max_keepalive_connections=1,
            keepalive_expiry=_KEPT_SECONDS,
            network_backend=VettedConnections(self._may[scheme], resolve=self._resolve),
        )
        self._pools[scheme, of] = pool
        if len(self._pools) > _POOLS:
            _, oldest = self._pools.popitem(last=False)
            await oldest.aclose()
        return pool

    async def _post(
        self, pool: httpcore.AsyncConnectionPool, url: str, body: bytes, headers: Mapping[str, str]
    ) -> EgressAnswer:
        sent: list[tuple[str, str]] = [
            ("Host", urlsplit(url).netloc),
            ("Content-Length", str(len(body))),
            ("Accept-Encoding", "identity"),
            *headers.items(),
        ]
        request = httpcore.Request(
            "POST",
            url,
            headers=sent,
            content=body,
            extensions={"timeout": {"connect": CONNECT_SECONDS, "pool": CONNECT_SECONDS}},
        )
        response = await pool.handle_async_request(request)
        try:
            read = 0
            async for chunk in response.aiter_stream():
                read += len(chunk)
                if read > ANSWER_BYTES:
                    break
        finally:
            await response.aclose()
        found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return EgressAnswer(response.status, found)


class VettedConnections(httpcore.AsyncNetworkBackend):
    """Connects to addresses that have been looked at; TLS and ``Host`` keep the name, which httpcore sees to."""

    def __init__(self, may: Callable[[Address], bool], *, resolve: Resolve) -> None:
        self._may = may
        self._lookups = NameLookups(resolve)
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = vetted(await self._lookups.addresses(host, port), may=self._may)
        failed: Exception = NotReached("the name has no address")
        for address in addresses:
            try:
                return await self._network.connect_tcp(
                    str(address),
                    port,
                    timeout=timeout,
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.NetworkError, httpcore.TimeoutException) as error:
                failed = error
        raise failed

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


def vetted(found: Iterable[str], *, may: Callable[[Address], bool]) -> list[Address]:
    """The addresses, if every one of them may be reached: a name with one private address is refused.

    Raises:
        NotPermitted: one may not.
    """
    try:
        addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in found]
    except ValueError:
        raise NotPermitted(
            Bilingual(
                de="der Name führt zu etwas, das keine Adresse ist",
                en="the name is resolved to what is no address",
            )
        ) from None
    if not all(may(address) for address in addresses):
        raise NotPermitted(
            Bilingual(
                de="der Name führt zu einer Adresse, die nicht öffentlich ist",
                en="the name is resolved to an address that is not public",
            )
        )
    return addresses


def _parts(url: str) -> SplitResult:
    if len(url) > LONGEST_URL or not url.isascii() or any(c <= " " or c == "\x7f" for c in url):
        raise NotPermitted(
            Bilingual(
                de=f"erwartet werden bis zu {LONGEST_URL} ASCII-Zeichen ohne Leerzeichen",
                en=f"up to {LONGEST_URL} characters of ASCII without spaces are expected",
            )
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotPermitted(Bilingual(de="das ist keine URL", en="this is no URL")) from None
    if not parts.hostname or port == 0:
        raise NotPermitted(Bilingual(de="der Host fehlt", en="a host is missing"))
    if "@" in parts.netloc or "\\" in url or "#" in url:
        raise NotPermitted(
            Bilingual(
                de="Benutzernamen, umgekehrte Schrägstriche und Fragmente sind darin nicht erlaubt",
                en="user names, backslashes and fragments are not allowed in it",
            )
        )
    return parts


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _within(address: Address, *, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)
