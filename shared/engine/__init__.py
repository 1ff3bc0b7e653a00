"""Consume, decide, commit: one consumer loop, two kinds of transaction (Kafka, PostgreSQL)."""
