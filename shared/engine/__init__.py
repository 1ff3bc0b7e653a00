"""Consume, decide, commit: one consumer loop, two kinds of transaction (Kafka, PostgreSQL).

A service imports from here and from nowhere below.
"""

from shared.engine.kafka_to_kafka import KafkaToKafka
from shared.engine.kafka_to_postgres import KafkaToPostgres
from shared.engine.plan import Plan
from shared.engine.processor import InputsRead, Processor, Punctuate, State
from shared.engine.projector import Projector
from shared.engine.state_store import ENGINE_KEYS

__all__ = [
    "ENGINE_KEYS",
    "InputsRead",
    "KafkaToKafka",
    "KafkaToPostgres",
    "Plan",
    "Processor",
    "Projector",
    "Punctuate",
    "State",
]
