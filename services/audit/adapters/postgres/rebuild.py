"""A lost database made anew from the log's files: order, hashes, event ids, and how far the bus was read.

Salts and payloads are not in the files. Without a backup of theirs the entries stay provable, and closed.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from services.audit.adapters.postgres.ledger import ENTRY_COLUMNS, entry_columns
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.inspection import Progress
from services.audit.domain.leaf import Leaf
from services.audit.domain.merkle import Frontier, grow, leaf_hash
from services.audit.domain.refused import Refused
from shared.postgres.pool import Connection, Pool, transaction

_AT_ONCE: Final = 40
"""Bundles that are copied with one statement."""


async def rebuild(
    pool: Pool, checkpoint: Checkpoint, inspection: Iterator[Progress], *, consumer: str
) -> None:
    """Write the checkpoint's tree into a database that does not have this log, in one transaction.

    ``consumer`` is set to go on behind the last record of each partition that is in the log.

    Raises:
        Refused: the database has entries of this log, or the files are not what the checkpoint says.
    """
    async with transaction(pool) as connection:
        log = await _empty_log(connection, checkpoint.origin)
        frontier, following = Frontier(), dict[tuple[str, int], int]()
        while bundles := list(islice(inspection, _AT_ONCE)):
            frontier = await _copy(connection, log, frontier, bundles)
            for leaf in (leaf for each in bundles for leaf in each.leaves):
                _follow(following, leaf)
        await connection.execute(
            "update logs set size = $2, peaks = $3, root = $4, intended_size = $2, intended_root = $4, "
            "published_size = $2 where id = $1",
            log,
            frontier.size,
            frontier.to_bytes(),
            frontier.root(),
        )
        await _store_offsets(connection, consumer, following)


async def _empty_log(connection: Connection, origin: str) -> int:
    await connection.execute("insert into logs (origin) values ($1) on conflict do nothing", origin)
    row = await connection.fetchrow("select id, size from logs where origin = $1 for update", origin)
    if row is None or row["size"]:
        raise Refused(f"the database has entries of {origin} already; nothing was changed")
    return int(row["id"])


async def _copy(
    connection: Connection, log: int, frontier: Frontier, bundles: Sequence[Progress]
) -> Frontier:
    entries = [entry for each in bundles for entry in each.bundle]
    leaves = [leaf for each in bundles for leaf in each.leaves]
    rows = [
        (log, *entry_columns(index, entry, leaf))
        for index, (entry, leaf) in enumerate(zip(entries, leaves, strict=True), frontier.size)
    ]
    await connection.copy_records_to_table("entries", columns=ENTRY_COLUMNS, records=rows)
    grown, completed = grow(frontier, map(leaf_hash, entries))
    columns = ("log", "level", "index", "hash")
    subtrees = [(log, each.level, each.index, each.hash) for each in completed]
    await connection.copy_records_to_table("subtrees", columns=columns, records=subtrees)
    return grown


def _follow(following: dict[tuple[str, int], int], leaf: Leaf) -> None:
    if leaf.topic is not None and leaf.partition is not None and leaf.offset is not None:
        place = (leaf.topic, leaf.partition)
        following[place] = max(following.get(place, 0), leaf.offset + 1)


async def _store_offsets(
    connection: Connection, consumer: str, following: Mapping[tuple[str, int], int]
) -> None:
    await connection.executemany(
        "insert into offsets (consumer, topic, partition, next) values ($1, $2, $3, $4) "
        "on conflict (consumer, topic, partition) do update set next = greatest(offsets.next, excluded.next)",
        [(consumer, topic, partition, next_) for (topic, partition), next_ in following.items()],
    )
