"""How many brokers keep each record, and how many must have it before it counts as written."""

from collections.abc import Iterable, Mapping
from typing import Final

from amtsweg.language import said
from amtsweg.stack.errors import StackError
from shared.kafka.described_topics import COPIES

IN_SYNC: Final = 2
BROKERS_CHOICE: Final = -1
_FACTORS: Final = (
    "default.replication.factor, offsets.topic.replication.factor, transaction.state.log.replication.factor"
)
_OF_KAFKA: Final = frozenset({"__consumer_offsets", "__transaction_state"})
"""Offsets and transactions: without them the topics' promises do not hold."""


def copies(brokers: int) -> int:
    """The replication factor of a new topic; fewer than three brokers decide for themselves."""
    return COPIES if brokers >= COPIES else BROKERS_CHOICE


def in_sync(brokers: int) -> Mapping[str, str]:
    """The setting by which a write counts only once a second broker has it."""
    return {"min.insync.replicas": str(IN_SYNC)} if brokers >= COPIES else {}


def check_copies(found: Mapping[str, Iterable[int]], *, brokers: int, ours: Iterable[str]) -> None:
    """Look at what there is: ``found`` are the replicas of each partition, by topic.

    Raises:
        StackError: there are three brokers, and some topic of ours, or of Kafka's own, has fewer copies.
    """
    if brokers < COPIES:
        return
    few = sorted(name for name in {*ours, *_OF_KAFKA} if min(found.get(name, ()), default=COPIES) < COPIES)
    if few:
        raise StackError(
            said(
                de=f"{len(few)} Topics haben weniger als {COPIES} Kopien, obwohl es {brokers} Broker gibt, darunter {few[0]}. "
                f"Geben Sie ihnen mit kafka-reassign-partitions.sh mehr, und setzen Sie {_FACTORS} der Broker auf {COPIES} "
                "(docs/operations.md, Kafka).",
                en=f"{len(few)} topics have fewer than {COPIES} copies although there are {brokers} brokers, among them {few[0]}. "
                f"Give them more with kafka-reassign-partitions.sh, and set {_FACTORS} of the brokers to {COPIES} "
                "(docs/operations.md, Kafka).",
            )
        )
