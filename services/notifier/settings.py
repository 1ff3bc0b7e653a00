"""What the notifier is told; a wrong value stops the start and names the variable."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, DirectoryPath, Field, FilePath, StringConstraints, model_validator

from shared.settings import (
    ClockAhead,
    HttpListener,
    KafkaConnection,
    Port,
    PostgresConnection,
    ServiceSettings,
    loopback,
)

TextLine = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
SenderAddress = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,189}$")]


class SmtpConnection(BaseModel):
    """The mail server. Beyond loopback TLS is required: addresses travel here (BSI TR-03108)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[str, Field(description="The mail server.")]
    port: Annotated[Port, Field(description="Its port.")] = 587
    encryption: Annotated[
        Literal["none", "starttls", "tls"],
        Field(description="Beyond loopback `starttls` or `tls` is required."),
    ] = "starttls"
    ca_file: Annotated[
        FilePath | None,
        Field(description="Whom to believe (PEM), where the system's own list does not suffice."),
    ] = None
    username: Annotated[
        str | None, Field(description="Our login at the mail server, where it asks for one.")
    ] = None
    password_file: Annotated[FilePath | None, Field(description="The login's password.")] = None
    timeout: Annotated[timedelta, Field(description="How long each of the server's answers may take.")] = (
        timedelta(seconds=60)
    )
    connections: Annotated[int, Field(ge=1, le=50, description="Connections that are open at most.")] = 8
    mails_per_connection: Annotated[
        int, Field(ge=1, le=1000, description="Mails after which a connection is replaced.")
    ] = 50
    per_second: Annotated[float, Field(gt=0, description="Mails of this process in a second at most.")] = 100

    @model_validator(mode="after")
    def _protected(self) -> Self:
        if self.encryption == "none" and not loopback(self.host):
            raise ValueError(f"mail server {self.host}: beyond loopback encryption must be starttls or tls")
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file are given together or not at all")
        return self


class Settings(ServiceSettings):
    """The notifier's environment."""

    kafka: KafkaConnection
    postgres: PostgresConnection
    http: HttpListener = HttpListener()
    smtp: SmtpConnection
    directory: Annotated[
        DirectoryPath, Field(description="Folder of the directory: names of services and authorities, law.")
    ]
    notifier_keys_file: Annotated[
        FilePath,
        Field(description="JWK Set of the private keys that contacts are sealed to, old ones included."),
    ]
    sender_name: Annotated[TextLine, Field(description="The name that mails come from.")]
    sender_address: Annotated[SenderAddress, Field(description="The address that mails come from.")]
    contact_kept_for: Annotated[
        timedelta, Field(description="How long a contact stays after its case has closed.")
    ] = timedelta(days=7)
    lease: Annotated[
        timedelta,
        Field(
            description="How long a sender may take for one mail: longer than three answers of the mail server."
        ),
    ] = timedelta(minutes=5)
    clock_ahead: ClockAhead = timedelta()

    @model_validator(mode="after")
    def _clock_is_true_beyond_loopback(self) -> Self:
        if self.clock_ahead and self.kafka.security_protocol.endswith("SSL"):
            raise ValueError("clock_ahead is for a local stack only")
        return self

    @model_validator(mode="after")
    def _lease_outlasts_the_server(self) -> Self:
        if self.lease <= 3 * self.smtp.timeout:
            raise ValueError("lease must be longer than three times smtp.timeout")
        return self
