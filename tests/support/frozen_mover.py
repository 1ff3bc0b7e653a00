"""A process of the doors that freezes by itself between its note of a move and the move: its arguments say whose inbox, and where to."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.router.adapters.inbox_positions import InboxTurn, NotedMove
from services.router.adapters.inboxes import KafkaInboxes
from services.router.adapters.postgres import SCHEMA
from services.router.adapters.postgres.inbox_moves import InboxMoves
from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress
from shared.postgres.pool import open_pool
from shared.telemetry.health import Condition


@dataclass
class FreezingTurn:
    turn: InboxTurn

    async def note(self, places: Mapping[str, int]) -> Mapping[str, int]:
        numbers = await self.turn.note(places)
        os.kill(os.getpid(), signal.SIGSTOP)
        return numbers

    async def noted(self, authorities: Collection[str]) -> Mapping[str, NotedMove]:
        return await self.turn.noted(authorities)


async def move(address: KafkaAddress, postgres: str, *, authority: str, place: int) -> None:
    async with await open_pool(postgres, schema=SCHEMA, size=3) as pool:
        moves, condition = InboxMoves(pool), Condition()

        @asynccontextmanager
        async def freezing(authorities: Collection[str]) -> AsyncIterator[InboxTurn]:
            async with moves.alone(authorities) as turn:
                yield FreezingTurn(turn)

        inboxes = KafkaInboxes(address, moving=freezing, condition=condition)
        running = asyncio.ensure_future(inboxes.run())
        while condition.standing != "ready":  # noqa: ASYNC110 - a condition is looked at
            await asyncio.sleep(0.05)
        try:
            await inboxes.commit({authority: place})
        except Unavailable:
            sys.stdout.write("lost\n")
        await asyncio.gather(*inboxes._positions._repairs)
        sys.stdout.write("over\n")
        running.cancel()
        await asyncio.wait({running})


if __name__ == "__main__":
    bootstrap, protocol, username, password, postgres, authority, place = sys.argv[1:]
    address = KafkaAddress(
        bootstrap=bootstrap,
        security_protocol=protocol,
        username=username,
        password=password,
    )
    asyncio.run(move(address, postgres, authority=authority, place=int(place)))
