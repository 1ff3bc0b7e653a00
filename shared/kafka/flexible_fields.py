"""Fields of Kafka's flexible requests (KIP-482), as our own requests use them."""

from typing import Final

from aiokafka.protocol.types import CompactString, TaggedFields

TEXT: Final = CompactString("utf-8")
TAGS: Final = ("tags", TaggedFields)
