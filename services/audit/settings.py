"""What the audit service must be told; it refuses to start when something is missing or wrong."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, FilePath, HttpUrl, model_validator

from shared.settings import HttpListener, KafkaConnection, PostgresConnection, ServiceSettings

LogOrigin = Annotated[str, Field(pattern=r"^[^\s+/]+(/[^\s+/]+)*$")]
"""The name of a log, a URL without scheme and without a slash at the end."""


class Settings(ServiceSettings):
    """Read from the environment (``AMTSWEG_…``); secrets are paths of files.

    Attributes:
        tile_folder: the log's public files; the folder belongs to this log alone.
        log_origin: the log's name for ever, a URL without scheme and without a slash at the end.
        log_key_file: one private key a line (``PRIVATE+KEY+…``): Ed25519, and best ML-DSA-44 beside it.
        pseudonym_key_file: the log's secret, 32 bytes as 64 hex digits; a new one for each log.
        auditors_file: who may look, each by the SHA-256 of a token.
        policy_file: C2SP tlog-policy with the witnesses that must cosign; without one, none are asked.
        timestamp_url: a time-stamping authority (RFC 3161), which stamps the checkpoint once a day; none is asked
            without it.
        timestamp_roots_file: the authority's root certificates (PEM); an answer that they do not bear out is not kept.
        successor_origin: the log that follows this one, which is closed then and only read; looks at it are
            recorded in its successor.
        successor_key_file: the successor's secret, like ``pseudonym_key_file``.
        publish_interval: the pause between two checkpoints.
        republish_after: a checkpoint that has not changed is cosigned anew after this time.
        dumps_kept: how long dumps of the database are kept; an erasure names the day on which the last one is gone.
    """

    kafka: KafkaConnection
    postgres: PostgresConnection
    http: HttpListener = HttpListener()
    tile_folder: Path
    log_origin: LogOrigin
    log_key_file: FilePath
    pseudonym_key_file: FilePath
    auditors_file: FilePath
    policy_file: FilePath | None = None
    timestamp_url: HttpUrl | None = None
    timestamp_roots_file: FilePath | None = None
    successor_origin: LogOrigin | None = None
    successor_key_file: FilePath | None = None
    publish_interval: timedelta = timedelta(milliseconds=500)
    republish_after: timedelta = timedelta(minutes=10)
    dumps_kept: timedelta = timedelta(days=30)
    batch_size: int = Field(10_000, ge=1)
    batch_wait: timedelta = timedelta(milliseconds=100)

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
