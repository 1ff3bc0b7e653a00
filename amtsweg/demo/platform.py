"""The state platform of the demo: posts over HTTP like anybody else, and repeats a request that got no answer."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import uniform
from typing import Self
from uuid import UUID

import httpx

from amtsweg.demo.checks import TakenPosting
from amtsweg.demo.scenarios import Posting
from amtsweg.stack.description import StackDescription

_TOKEN_LIFE_S = 240.0
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
_ATTEMPTS = 40
_AGAIN = {409, 429, 503}


class Platform:
    """A client of intake. Times are as its user feels them: from the first attempt to the answer."""

    def __init__(self, http: httpx.AsyncClient, *, client_id: str, secret: str) -> None:
        self._http = http
        self._login = (client_id, secret)
        self._token = ""
        self._token_until = 0.0
        self._asking = asyncio.Lock()
        self.refusals: Counter[str] = Counter()
        """Why attempts failed: HTTP statuses and the classes of errors."""

    @classmethod
    @asynccontextmanager
    async def of(cls, stack: StackDescription) -> AsyncIterator[Self]:
        """The first platform client of the stack that has a secret."""
        client = next(c for c in stack.clients.values() if c.secret is not None)
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        # Without a limit to the wait for a connection: httpcore loses one for ever that is assigned at the very
        # moment at which the wait for it ends, and during an outage all of them.
        timeout = httpx.Timeout(10, pool=None)
        async with httpx.AsyncClient(base_url=stack.urls.intake, timeout=timeout, limits=limits) as http:
            yield cls(http, client_id=client.client_id, secret=client.secret or "")

    async def post(self, posting: Posting) -> TakenPosting | None:
        """Post until answered 202; None when no attempt was."""
        posted_at, began = time.time(), time.perf_counter()
        for attempt in range(_ATTEMPTS):
            answer = await self._attempt(posting)
            if answer is not None:
                return TakenPosting(
                    posting=posting,
                    submission=UUID(answer["submissionId"]),
                    case=UUID(answer["caseId"]),
                    receipt_number=answer["receiptNumber"],
                    posted_at=posted_at,
                    seconds=time.perf_counter() - began,
                )
            # Many wait at once when a service is away; scattered, they do not come back as one crowd.
            longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**attempt)
            await asyncio.sleep(uniform(longest / 2, longest))
        return None

    async def _attempt(self, posting: Posting) -> dict[str, str] | None:
        try:
            headers = {
                "Idempotency-Key": f'"{posting.idempotency_key}"',
                "Authorization": await self._bearer(),
            }
            response = await self._http.post("/v1/submissions", json=posting.body, headers=headers)
        except httpx.TransportError as error:
            self.refusals[type(error).__name__] += 1
            return None  # it may or may not have been taken; the same request says which
        if response.status_code in _AGAIN or response.is_server_error:
            self.refusals[str(response.status_code)] += 1
            return None
        response.raise_for_status()
        answer: dict[str, str] = response.json()
        return answer

    async def _bearer(self) -> str:
        async with self._asking:
            if time.monotonic() > self._token_until:
                form = {"grant_type": "client_credentials"}
                response = await self._http.post("/token", data=form, auth=self._login)
                if response.is_server_error or response.status_code in _AGAIN:
                    raise httpx.ConnectError("no token yet")
                response.raise_for_status()
                self._token = f"Bearer {response.json()['access_token']}"
                self._token_until = time.monotonic() + _TOKEN_LIFE_S
            return self._token


async def post_all(
    platform: Platform,
    postings: Sequence[Posting],
    *,
    rate: float,
    taken: list[TakenPosting],
) -> None:
    """Post in an open loop, this many a second, whatever the answers take; what is answered is added to ``taken``."""
    began = time.perf_counter()

    async def one(number: int, posting: Posting) -> None:
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        if (answered := await platform.post(posting)) is not None:
            taken.append(answered)

    async with asyncio.TaskGroup() as group:
        for number, posting in enumerate(postings):
            group.create_task(one(number, posting))
