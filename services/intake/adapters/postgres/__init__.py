"""PostgreSQL: the store of receipts, assertion ids, histories, and the clients of schema ``access``."""

from pathlib import Path
from typing import Final

from shared.postgres.time_partitions import TimePartitioned

SCHEMA: Final = "intake"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
"""The schema's history, for ``shared.postgres.migrations.upgrade``."""

PARTITIONED: Final = (
    TimePartitioned(table="receipts", unit="year", kept=10, ids="receipt_ids"),
    TimePartitioned(table="history", unit="year", kept=10, ids="history_ids"),
    TimePartitioned(table="messages", unit="month", kept=12, ids="message_ids"),
)
"""As long as Kafka keeps the events that they follow from; a receipt goes no later than its case's history."""
