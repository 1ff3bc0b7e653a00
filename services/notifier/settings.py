"""What the notifier is told; a wrong value stops the start and names the variable."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, DirectoryPath, Field, FilePath, StringConstraints, model_validator

from shared.settings import (
    HttpListener,
    KafkaConnection,
    Port,
    PostgresConnection,
    ServiceSettings,
    loopback,
)

Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,189}$")]


class SmtpConnection(BaseModel):
    """The mail server. Beyond loopback TLS is required: addresses travel here (BSI TR-03108).

    ``timeout`` is for each of the server's answers. ``per_second`` limits the mails of this process.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: Port = 587
    encryption: Literal["none", "starttls", "tls"] = "starttls"
    ca_file: FilePath | None = None
    username: str | None = None
    password_file: FilePath | None = None
    timeout: timedelta = timedelta(seconds=60)
    connections: Annotated[int, Field(ge=1, le=50)] = 8
    mails_per_connection: Annotated[int, Field(ge=1, le=1000)] = 50
    per_second: Annotated[float, Field(gt=0)] = 100

    @model_validator(mode="after")
    def _protected(self) -> Self:
        if self.encryption == "none" and not loopback(self.host):
            raise ValueError(f"mail server {self.host}: beyond loopback encryption must be starttls or tls")
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file are given together or not at all")
        return self


class Settings(ServiceSettings):
    """The notifier's environment.

    ``notifier_keys_file`` is a JWK Set of the private keys that contacts are sealed to, old ones included.
    ``contact_kept_for`` is how long a contact stays after its case has closed. ``lease`` is how long a
    sender may take for one mail: longer than three answers of the mail server.
    """

    kafka: KafkaConnection
    postgres: PostgresConnection
    http: HttpListener = HttpListener()
    smtp: SmtpConnection
    directory: DirectoryPath
    notifier_keys_file: FilePath
    sender_name: Line
    sender_address: EmailAddress
    contact_kept_for: timedelta = timedelta(days=7)
    lease: timedelta = timedelta(minutes=5)

    @model_validator(mode="after")
    def _lease_outlasts_the_server(self) -> Self:
        if self.lease <= 3 * self.smtp.timeout:
            raise ValueError("lease must be longer than three times smtp.timeout")
        return self
