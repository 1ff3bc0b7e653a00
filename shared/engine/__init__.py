"""Consume, decide, commit: one consumer loop, two kinds of transaction (Kafka, PostgreSQL).

Services import from this module only; the modules below are private.
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
