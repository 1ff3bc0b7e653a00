"""A cluster is asked as its administrator: whatever it refuses, and whatever it does not answer, is one kind of error."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from amtsweg.language import said
from amtsweg.stack.endpoints import KafkaEndpoint
from amtsweg.stack.errors import AwayError

ANSWERED_WITHIN_S = 180
"""How long each answer is waited for: on a busy machine a broker hashes hundreds of passwords for longer than a minute."""


@contextmanager
def administration(endpoint: KafkaEndpoint, *, failed: str) -> Iterator[AdminClient]:
    """The cluster's administration, while the block runs; `failed` says what is not so if it fails.

    Raises:
        AwayError: the cluster refuses, or a request of the block was not answered in time. It may be carried out later.
    """
    try:
        yield endpoint.admin()
    except (KafkaException, TimeoutError) as error:
        silent = isinstance(error, TimeoutError)
        reason = said(de="keine Antwort in der Zeit", en="no answer in time") if silent else str(error)
        raise AwayError(
            said(
                de=f"Kafka bei {endpoint.bootstrap}: {failed}: {reason}",
                en=f"Kafka at {endpoint.bootstrap}: {failed}: {reason}",
            )
        ) from error
