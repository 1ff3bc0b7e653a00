"""A lost database made anew from the log's files: order, hashes, keyed ids, and how far the bus was read.

Salts and payloads are not in the files, nor who acted. Without a backup of theirs the entries stay provable, and closed.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from services.audit.adapters.postgres.ledger import ENTRY_COLUMNS, leaf_columns
from services.audit.domain.access_log import PayloadErased
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.fsck import InspectionProgress
from services.audit.domain.merkle import CompactRange, grow, leaf_hash
from services.audit.domain.proof_refused import ProofRefused
from services.audit.ports import BusPartition
from shared.events.envelope import event_type
from shared.postgres.pool import Connection, Pool, transaction

_AT_ONCE: Final = 40
"""Bundles that are copied with one statement."""

_SET_TREE: Final = """
UPDATE logs
SET size = $2, peaks = $3, root = $4, intended_size = $2, intended_root = $4, published_size = $2, rebuilt_size = $2
WHERE id = $1
"""
_KEEP_ERASED: Final = """
INSERT INTO keys (log, owner)
SELECT log, case_ref
FROM entries
WHERE log = $1 AND type = $2
AND case_ref IS NOT NULL
ON CONFLICT DO NOTHING
"""
_ADD_LOG: Final = "SELECT add_log($1)"
_LOCK: Final = "SELECT id, size FROM logs WHERE origin = $1 FOR UPDATE"
_STORE_OFFSETS: Final = """
INSERT INTO offsets (consumer, topic, partition, next)
VALUES ($1, $2, $3, $4)
ON CONFLICT (consumer, topic, partition) DO UPDATE
SET next = greatest(offsets.next, excluded.next)
"""


async def rebuild(
    pool: Pool,
    checkpoint: Checkpoint,
    inspection: Iterator[InspectionProgress],
    *,
    consumer: str,
    positions: Mapping[BusPartition, int],
) -> None:
    """Write the checkpoint's tree into a database that does not have this log, in one transaction.

    ``consumer`` is set to go on at these positions; all that lies before them is in the tree.

    Raises:
        ProofRefused: the database has entries of this log, or the files are not what the checkpoint says.
    """
    async with transaction(pool) as connection:
        log = await _empty_log(connection, checkpoint.origin)
        frontier = CompactRange()
        while bundles := list(islice(inspection, _AT_ONCE)):
            frontier = await _copy(connection, log, frontier, bundles)
        await connection.execute(
            _SET_TREE,
            log,
            frontier.size,
            frontier.to_bytes(),
            frontier.root(),
        )
        # Who was erased stays erased: later events about them store nothing.
        await connection.execute(
            _KEEP_ERASED,
            log,
            event_type(PayloadErased),
        )
        await _store_offsets(connection, consumer, positions)


async def _empty_log(connection: Connection, origin: str) -> int:
    await connection.execute(_ADD_LOG, origin)
    row = await connection.fetchrow(_LOCK, origin)
    if row is None or row["size"]:
        raise ProofRefused(f"the database has entries of {origin} already; nothing was changed")
    return int(row["id"])


async def _copy(
    connection: Connection, log: int, frontier: CompactRange, bundles: Sequence[InspectionProgress]
) -> CompactRange:
    entries = [entry for each in bundles for entry in each.bundle]
    leaves = [leaf for each in bundles for leaf in each.leaves]
    rows = [
        (log, *leaf_columns(index, entry, leaf), None, None)
        for index, (entry, leaf) in enumerate(zip(entries, leaves, strict=True), frontier.size)
    ]
    await connection.copy_records_to_table("entries", columns=ENTRY_COLUMNS, records=rows)
    grown, completed = grow(frontier, map(leaf_hash, entries))
    columns = ("log", "level", "index", "hash")
    subtrees = [(log, each.level, each.index, each.hash) for each in completed]
    await connection.copy_records_to_table("subtrees", columns=columns, records=subtrees)
    return grown


async def _store_offsets(
    connection: Connection, consumer: str, positions: Mapping[BusPartition, int]
) -> None:
    await connection.executemany(
        _STORE_OFFSETS,
        [(consumer, topic, partition, next_) for (topic, partition), next_ in positions.items()],
    )
