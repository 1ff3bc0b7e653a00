"""What the notifier is told; a wrong value stops the start and names the variable."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    DirectoryPath,
    Field,
    FilePath,
    IPvAnyNetwork,
    StringConstraints,
    model_validator,
)

from shared.addresses import protected_url, require_loopback
from shared.bounded_files import read_bounded
from shared.crypto.dkim import DkimSigner
from shared.events.payload import PrincipalId
from shared.settings import (
    HttpListener,
    ObjectStoreConnection,
    PeriodSettings,
    Port,
    PostgresConnection,
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
    per_second: Annotated[
        float, Field(gt=0, description="Mails of this process in a second that it is given at most.")
    ] = 250

    @model_validator(mode="after")
    def _protected(self) -> Self:
        if self.encryption == "none":
            require_loopback(self.host, what="mail server", instead="encryption starttls or tls")
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file are given together or not at all")
        return self


class MailSignature(BaseModel):
    """How mails are signed (DKIM, RFC 6376), so that receivers see that they come from the sender's domain."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_file: Annotated[
        FilePath,
        Field(
            description="The private key: RSA with 2048 to 4096 bits (PEM). `amtsweg messages dkim-record` prints what "
            "is published for it in DNS."
        ),
    ]
    selector: Annotated[
        str,
        StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"),
        Field(
            description="The name of the key: its record is `<selector>._domainkey.<domain>`. Each key has its own."
        ),
    ]
    domain: Annotated[
        str | None,
        StringConstraints(pattern=r"^[a-z0-9.-]{1,189}$"),
        Field(description="The domain that signs: that of the sender, as if left out, or one above it."),
    ] = None

    @model_validator(mode="after")
    def _strong(self) -> Self:
        DkimSigner.from_pem(read_bounded(self.key_file), domain="", selector=self.selector)
        return self


class MailboxConnection(BaseModel):
    """The mailboxes that platforms keep for their applicants, called by signed webhooks (Standard Webhooks 1.0)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoints: Annotated[
        Mapping[PrincipalId, Annotated[str, AfterValidator(protected_url)]],
        Field(
            description="The `https` URL of each platform client's mailboxes, by client (JSON object). A message for a "
            "client that has none goes on the next channel."
        ),
    ] = {}
    keys_file: Annotated[
        FilePath | None,
        Field(
            description="Master keys of the signatures: 64 hexadecimal digits a line, the newest first. "
            "`amtsweg messages mailbox-keys` prints what a platform verifies with."
        ),
    ] = None
    networks: Annotated[
        tuple[IPvAnyNetwork, ...],
        Field(description="Networks (JSON list) that may be reached although they are not public."),
    ] = ()
    timeout: Annotated[timedelta, Field(description="How long a platform may take for its answer.")] = (
        timedelta(seconds=15)
    )

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.endpoints and self.keys_file is None:
            raise ValueError("mailboxes are called with signatures: keys_file is needed beside endpoints")
        return self


class LetterOutlet(BaseModel):
    """Where letters lie to be printed, as tagged PDF with the address in the window of DIN 5008 form B."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Annotated[
        DirectoryPath | None,
        Field(
            description="The folder that a print shop empties. Without it and without `store`, this installation sends no letters."
        ),
    ] = None
    store: Annotated[
        ObjectStoreConnection | None,
        Field(description="An object store (S3) that a print shop empties, instead of `folder`."),
    ] = None
    return_address: Annotated[
        TextLine | None, Field(description="The small line above the address: name, street, town.")
    ] = None

    @model_validator(mode="after")
    def _returnable(self) -> Self:
        if self.folder is not None and self.store is not None:
            raise ValueError("letters lie in one place: folder or store")
        if (self.folder or self.store) is not None and self.return_address is None:
            raise ValueError(
                "a letter that does not arrive comes back: return_address is needed beside folder or store"
            )
        return self


class BounceListener(BaseModel):
    """Where mails come back to: SMTP, reached by your own mail server alone, which delivers `bounce+…@domain` here.

    Beyond loopback it takes nothing before STARTTLS: reports name addresses.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys_file: Annotated[
        FilePath,
        Field(
            description="Keys of the return paths: 64 hexadecimal digits a line, the newest first. Whoever knows one "
            "can say that a mail came back."
        ),
    ]
    host: Annotated[str, Field(description="The interface that is listened on.")] = "127.0.0.1"
    port: Annotated[Port, Field(description="Its port.")] = 2526
    certificate_file: Annotated[
        FilePath | None, Field(description="Certificate (PEM); required beyond loopback.")
    ] = None
    key_file: Annotated[FilePath | None, Field(description="Private key of the certificate (PEM).")] = None
    domain: Annotated[
        str | None, Field(description="The domain of return paths; that of the sender if left out.")
    ] = None

    @model_validator(mode="after")
    def _protected(self) -> Self:
        if self.certificate_file is None:
            require_loopback(self.host, what="bounces", instead="certificate_file and key_file")
        return self


def is_aligned(domain: str, sender: str) -> bool:
    """Whether a signature of this domain speaks for mails of this sender (DMARC, relaxed)."""
    return f".{sender.rpartition('@')[2].lower()}".endswith(f".{domain}")


class Settings(PeriodSettings):
    """The notifier's environment."""

    postgres: PostgresConnection
    http: HttpListener = HttpListener()
    smtp: SmtpConnection
    second_smtp: SmtpConnection | None = None
    dkim: MailSignature | None = None
    mailbox: MailboxConnection = MailboxConnection()
    letters: LetterOutlet = LetterOutlet()
    bounces: BounceListener | None = None
    sandbox_clients: Annotated[
        tuple[str, ...],
        Field(
            description="Clients that only try things out (JSON list): in their cases nothing is sent to anybody, and every channel ends as if it had."
        ),
    ] = ()
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
        timedelta,
        Field(
            description="How long a contact stays after its case has closed and its last message was settled; "
            "in any case while a message may still lie unread."
        ),
    ] = timedelta(days=7)
    lease: Annotated[
        timedelta,
        Field(
            description="How long a sender may take for one mail: longer than three answers of the mail server."
        ),
    ] = timedelta(minutes=5)

    @model_validator(mode="after")
    def _signed_as_the_sender(self) -> Self:
        domain = self.dkim.domain if self.dkim else None
        if domain is not None and not is_aligned(domain, self.sender_address):
            raise ValueError(
                "dkim.domain must be the domain of sender_address or one above it (RFC 7489 section 3.1.1)"
            )
        return self

    @model_validator(mode="after")
    def _lease_outlasts_the_server(self) -> Self:
        answers = [smtp.timeout for smtp in (self.smtp, self.second_smtp) if smtp is not None]
        if self.lease <= 3 * sum(answers, timedelta()):
            raise ValueError(
                "lease must be longer than three times smtp.timeout, and second_smtp.timeout, together"
            )
        return self
