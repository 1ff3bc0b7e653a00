"""What an operator sees of a case, whichever client submitted it; without personal data."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.intake.adapters.postgres.histories import known_from
from services.intake.ports import Known
from shared.events.receipt_number import read_number
from shared.postgres import pool as postgres
from shared.postgres.pool import Pool

MOST: Final = 20
"""So many cases are found under one reference."""

_TAKEN: Final = "SELECT * FROM receipts WHERE taken_at IS NOT NULL AND"
_BY_ID: Final = f"{_TAKEN} (submission_id = $1 OR case_id = $1) LIMIT 1"
_BY_NUMBER: Final = f"{_TAKEN} receipt_number = $1 LIMIT 1"
_BY_REFERENCE: Final = f"{_TAKEN} client_reference = $1 ORDER BY received_at DESC LIMIT {MOST}"
"""`receipts_reference_in_clear` serves it: the newest few, whatever else there is."""
_LINES: Final = "SELECT * FROM history WHERE case_id = $1 AND client_id = $2 ORDER BY at, position"


async def found(pool: Pool, number: str) -> Sequence[Known]:
    """Find by receipt number, by the id of a submission or case, else by a client's reference, the newest first.

    A reference is in clear only in the row that the request made: where the row was restored from the events, the
    reference finds nothing.
    """
    query, asked = _question(number.strip())
    async with postgres.transaction(pool) as connection:
        rows = await connection.fetch(query, asked) or await connection.fetch(_BY_REFERENCE, number.strip())
        return [
            known_from(row, await connection.fetch(_LINES, row["case_id"], row["client_id"])) for row in rows
        ]


def _question(number: str) -> tuple[str, UUID | str]:
    try:
        return _BY_ID, UUID(number)
    except ValueError:
        pass
    if (receipt_number := read_number(number)) is not None:
        return _BY_NUMBER, receipt_number
    return _BY_REFERENCE, number
