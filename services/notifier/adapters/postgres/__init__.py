"""PostgreSQL, schema `notifier`: what is known of cases, the messages that wait, what became of them."""

from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEMA = "notifier"
