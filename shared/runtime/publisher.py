"""Publishing outside transactions: idempotent, acknowledged by all in-sync replicas, within a bounded time."""

from shared.runtime.records import Outgoing


class Publisher:
    """One producer, renewed after an error that it does not recover from."""

    @property
    def ready(self) -> bool:
        """False while the producer is being renewed or Kafka cannot be reached."""
        raise NotImplementedError

    async def publish(self, message: Outgoing, *, timeout: float = 5.0) -> None:  # noqa: ASYNC109 - bounds the answer, not the send
        """Return when all in-sync replicas have the message.

        A message may be on the topic even if this fails: repeat it with the same event id.

        Raises:
            Unavailable: not confirmed within ``timeout`` seconds.
            ValueError: Kafka refuses this message (too large).
        """
        raise NotImplementedError
