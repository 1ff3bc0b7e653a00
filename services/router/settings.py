"""What the router is told; a wrong value stops the start and names the variable."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, FilePath, model_validator

from services.router.domain.directory.versions import FRESH
from shared.settings import ClockAhead, HttpListener, KafkaConnection, ServiceSettings


class Settings(ServiceSettings):
    """The router's environment."""

    kafka: KafkaConnection
    http: HttpListener = HttpListener()
    platform_keys_file: Annotated[
        FilePath, Field(description="JWK Set of the platform's private keys, old ones included.")
    ]
    authority_keys_file: Annotated[
        FilePath,
        Field(
            description="JSON object from authority id to its public JWK; it is read again when it changes."
        ),
    ]
    unverified: Annotated[
        Literal["answer", "park"],
        Field(description="What becomes of a submission whose rule has no checked source."),
    ] = "answer"
    directory_fresh: Annotated[
        timedelta,
        Field(
            gt=timedelta(), le=FRESH, description="How old the last reading of the directory's topic may be."
        ),
    ] = FRESH
    batch_size: Annotated[
        int, Field(ge=1, le=5000, description="Records that one transaction takes at most.")
    ] = 600
    minimum_period: Annotated[
        timedelta, Field(description="The least time between two transactions of a partition.")
    ] = timedelta(milliseconds=30)
    clock_ahead: ClockAhead = timedelta()

    @model_validator(mode="after")
    def _clock_is_true_beyond_loopback(self) -> Self:
        if self.clock_ahead and self.kafka.security_protocol.endswith("SSL"):
            raise ValueError("clock_ahead is for a local stack only")
        return self
