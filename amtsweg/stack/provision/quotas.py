"""What one login may take of a broker, so that no authority slows down the others.

Our administration library has no call for quotas; the client library's protocol layer describes them, so the two
requests are made with that (KIP-546, API keys 48 and 49).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeVar

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import DescribeClientQuotasRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Float64, Int16, Int32, Schema, String

from amtsweg.language import said
from amtsweg.stack.endpoints import KafkaEndpoint
from amtsweg.stack.errors import AwayError
from amtsweg.stack.provision.grants import authority_login

T = TypeVar("T")

_AT_ONCE: Final = 500
_MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginQuota:
    """``consumer_bytes`` a second, and ``request_share`` of one broker thread's time in percent."""

    consumer_bytes: int
    request_share: float

    def settings(self) -> Mapping[str, float]:
        """By the broker's names."""
        return {
            "consumer_byte_rate": float(self.consumer_bytes),
            "producer_byte_rate": 1024.0,  # they may not produce; attempts must cost next to nothing
            "request_percentage": self.request_share,
        }


QUOTAS: Final[Mapping[str, LoginQuota]] = MappingProxyType(
    {
        # Frankfurt's 30 days are some 100,000 submissions of 20 kB: read in two minutes, and never needed day by day.
        "authority": LoginQuota(consumer_bytes=20 * _MEBIBYTE, request_share=50.0),
        # A provider reads for hundreds of authorities.
        "provider": LoginQuota(consumer_bytes=100 * _MEBIBYTE, request_share=200.0),
    }
)
"""By name; the first is everybody's, another one is given by name (`amtsweg authority quota`)."""


def provision_quotas(endpoint: KafkaEndpoint, authorities: Iterable[str]) -> None:
    """Give every authority's login a quota that has none; one that was given by name stays.

    Raises:
        StackError: the cluster refuses.
    """
    wanted = {authority_login(each): QUOTAS["authority"] for each in authorities}
    _ask(endpoint, lambda admin: _provision(admin, wanted))


def set_quota(endpoint: KafkaEndpoint, authority: str, quota: LoginQuota) -> None:
    """Give an authority's login this quota.

    Raises:
        StackError: the cluster refuses.
    """
    _ask(endpoint, lambda admin: _alter(admin, [(authority_login(authority), quota)]))


def _ask(endpoint: KafkaEndpoint, question: Callable[[AIOKafkaAdminClient], Awaitable[T]]) -> T:
    address = endpoint.address()

    async def connected() -> T:
        admin = AIOKafkaAdminClient(**address.arguments())
        await admin.start()
        try:
            return await question(admin)
        finally:
            await admin.close()

    try:
        return asyncio.run(connected())
    except (KafkaError, OSError) as error:
        raise AwayError(
            said(
                de=f"Kafka bei {endpoint.bootstrap}: Kontingente nicht gesetzt oder gelesen: {error}",
                en=f"Kafka at {endpoint.bootstrap}: quotas not set or read: {error}",
            )
        ) from error


async def _provision(admin: AIOKafkaAdminClient, wanted: Mapping[str, LoginQuota]) -> None:
    known = await _known(admin)
    await _alter(admin, [(login, quota) for login, quota in wanted.items() if login not in known])


async def _alter(admin: AIOKafkaAdminClient, quotas: Sequence[tuple[str, LoginQuota]]) -> None:
    for start in range(0, len(quotas), _AT_ONCE):
        entries = [_entry(login, quota) for login, quota in quotas[start : start + _AT_ONCE]]
        answer = await admin._send_request(_AlterQuotas(entries))  # noqa: SLF001 - it has no public way to send one of ours
        for code, text, *_ in answer.entries:
            if code:
                raise for_code(code)(text)


async def _known(admin: AIOKafkaAdminClient) -> dict[str, dict[str, float]]:
    """What is set for single users."""
    any_name: Any = ("user", 2, None)
    asked = DescribeClientQuotasRequest([any_name], strict=True)
    answer = await admin._send_request(asked)  # noqa: SLF001 - as above
    if answer.error_code:
        raise for_code(answer.error_code)(answer.error_message)
    return {entity[0][1]: dict(values) for entity, values in answer.entries or () if entity and entity[0][1]}


def _entry(login: str, quota: LoginQuota) -> tuple[Any, ...]:
    return ([("user", login)], [(name, value, False) for name, value in quota.settings().items()])


class _AlterQuotasResponse(Response):  # type: ignore[misc] # the library has no types
    API_KEY = 49
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "entries",
            Array(
                ("error_code", Int16),
                ("error_message", String("utf-8")),
                ("entity", Array(("entity_type", String("utf-8")), ("entity_name", String("utf-8")))),
            ),
        ),
    )


class _AlterQuotasStruct(RequestStruct):  # type: ignore[misc] # the library has no types
    API_KEY = 49
    API_VERSION = 0
    RESPONSE_TYPE = _AlterQuotasResponse
    SCHEMA = Schema(
        (
            "entries",
            Array(
                ("entity", Array(("entity_type", String("utf-8")), ("entity_name", String("utf-8")))),
                ("ops", Array(("key", String("utf-8")), ("value", Float64), ("remove", Boolean))),
            ),
        ),
        ("validate_only", Boolean),
    )


class _AlterQuotas(Request[_AlterQuotasStruct]):  # type: ignore[misc] # the library has no types
    API_KEY = 49

    def __init__(self, entries: list[tuple[Any, ...]]) -> None:
        self._entries = entries

    def build(self, request_struct_class: type[_AlterQuotasStruct]) -> _AlterQuotasStruct:
        return request_struct_class(self._entries, False)  # noqa: FBT003 - the protocol's own order of fields
