"""What tests and worker processes give to the engines."""

from collections.abc import Callable, Sequence

from shared.engine import State
from shared.errors import Undecodable
from shared.kafka.records import Message, Record
from shared.postgres.pool import Connection


class Step:
    """A transformation made of functions."""

    def __init__(
        self,
        on_record: Callable[[Record, State], Sequence[Message]],
        *,
        wants: Callable[[Record, State], Sequence[str]] = lambda *_: (),
        on_poisoned: Callable[[Record, State], Sequence[Message]] = lambda *_: (),
    ) -> None:
        self.on_record = on_record
        self.wants = wants
        self.on_poisoned = on_poisoned


def counting(to: str) -> Step:
    """Numbers the records of each key, which needs the state; ``!`` is undecodable, ``?`` a bug."""

    def on_record(record: Record, state: State) -> Sequence[Message]:
        if record.value == b"!":
            raise Undecodable("the value is an exclamation mark")
        if record.value == b"?":
            raise RuntimeError("a bug")
        key = record.key or b""
        seen = int(state.get(key.decode()) or b"0") + 1
        state.put(key.decode(), str(seen).encode())
        return (Message(to, key, b"%s %d" % (record.value or b"", seen)),)

    return Step(on_record)


class Effects:
    """Writes each record as a row; what ``judge`` raises for a record fails its batch."""

    def __init__(self, judge: Callable[[Record], None] = lambda _: None) -> None:
        self.judge = judge
        self.batches: list[int] = []

    async def apply(self, connection: Connection, records: Sequence[Record]) -> None:
        self.batches.append(len(records))
        for record in records:
            await connection.execute(
                'INSERT INTO effects (topic, partition, "offset", value) VALUES ($1, $2, $3, $4)',
                record.topic,
                record.partition,
                record.offset,
                record.value,
            )
            self.judge(record)
