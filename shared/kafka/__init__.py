"""Kafka: clients, records, publishing, reading to the end, topics, dead letters."""
