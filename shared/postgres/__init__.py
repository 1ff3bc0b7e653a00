"""PostgreSQL: pool, offsets, outbox, migrations."""
