"""What the audit service must be told; it refuses to start when something is missing or wrong."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import DirectoryPath, Field, FilePath, HttpUrl, model_validator

from shared.settings import (
    HttpListener,
    KafkaConnection,
    ObjectStoreConnection,
    PostgresConnection,
    ServiceSettings,
)

LogOrigin = Annotated[str, Field(pattern=r"^[^\s+/]+(/[^\s+/]+)*$")]
"""The name of a log, a URL without scheme and without a slash at the end."""


class Settings(ServiceSettings):
    """Read from the environment (``AMTSWEG_…``); secrets are paths of files."""

    kafka: KafkaConnection
    postgres: PostgresConnection
    http: HttpListener = HttpListener()
    tile_folder: Annotated[
        Path, Field(description="The log's public files; the folder belongs to this log alone.")
    ]
    tile_store: Annotated[
        ObjectStoreConnection | None,
        Field(
            description="Where the public files lie instead of `tile_folder`, in which what was signed last still stands, and the time stamps."
        ),
    ] = None
    log_origin: Annotated[
        LogOrigin,
        Field(description="The log's permanent name: a URL without scheme and without a slash at the end."),
    ]
    log_key_file: Annotated[
        FilePath,
        Field(description="One private key a line (`PRIVATE+KEY+…`): Ed25519, and best ML-DSA-44 beside it."),
    ]
    pseudonym_key_file: Annotated[
        FilePath, Field(description="The log's secret, 32 bytes as 64 hex digits; a new one for each log.")
    ]
    directory: Annotated[
        DirectoryPath | None,
        Field(
            description="Folder of the directory's tables, whose names stand beside keys; without it keys stand alone."
        ),
    ] = None
    policy_file: Annotated[
        FilePath | None,
        Field(
            description="C2SP tlog-policy with the witnesses that must cosign; without one, none are asked."
        ),
    ] = None
    witnesses_in_clear: Annotated[
        tuple[str, ...],
        Field(
            description="Names of witnesses in the policy that are asked over http:// beyond loopback, a JSON list. What is sent "
            "is public and what comes back is signed; without TLS somebody in between can withhold it."
        ),
    ] = ()
    timestamp_url: Annotated[
        HttpUrl | None,
        Field(
            description="A time-stamping authority (RFC 3161), which stamps the checkpoint once a day; without it none is asked."
        ),
    ] = None
    timestamp_roots_file: Annotated[
        FilePath | None,
        Field(
            description="The authority's root certificates (PEM). A response that does not verify against them is discarded."
        ),
    ] = None
    successor_origin: Annotated[
        LogOrigin | None,
        Field(
            description="The log that follows this one. This one is closed then and only read; looks at it are recorded in its successor."
        ),
    ] = None
    successor_key_file: Annotated[
        FilePath | None, Field(description="The successor's secret, like `pseudonym_key_file`.")
    ] = None
    publish_interval: Annotated[timedelta, Field(description="The pause between two checkpoints.")] = (
        timedelta(milliseconds=500)
    )
    republish_after: Annotated[
        timedelta, Field(description="An unchanged checkpoint is cosigned again after this time.")
    ] = timedelta(minutes=10)
    dumps_kept: Annotated[
        timedelta,
        Field(
            description="How long dumps of the database are kept; an erasure names the day on which the last one is gone."
        ),
    ] = timedelta(days=30)
    batch_size: Annotated[int, Field(ge=1, description="Records that one transaction takes at most.")] = (
        10_000
    )
    batch_wait: Annotated[timedelta, Field(description="How long a transaction waits for more records.")] = (
        timedelta(milliseconds=100)
    )

    @model_validator(mode="after")
    def _successor_has_a_secret(self) -> Self:
        if (self.successor_origin is None) != (self.successor_key_file is None):
            raise ValueError("successor_origin and successor_key_file are given together, or neither")
        return self

    @model_validator(mode="after")
    def _authority_has_roots(self) -> Self:
        if (self.timestamp_url is None) != (self.timestamp_roots_file is None):
            raise ValueError("timestamp_url and timestamp_roots_file are given together, or neither")
        return self
