"""What the process `doors` is told; a wrong value stops the start and names the variable."""

from typing import Annotated, Literal

from pydantic import Field, FilePath, IPvAnyNetwork

from services.router.domain.directory.versions import FRESH
from services.router.settings import DirectoryFresh
from shared.settings import HttpListener, Issuer, KafkaConnection, PostgresConnection, ServiceSettings, SignIn


class Settings(ServiceSettings):
    """The environment of the authorities' doors."""

    kafka: KafkaConnection
    postgres: PostgresConnection
    http: HttpListener = HttpListener()
    issuer: Annotated[Issuer, Field(description="The token door's public base URL.")]
    token_keys_file: Annotated[FilePath, Field(description="JWK Set of its public keys, old ones included.")]
    hash_key_file: Annotated[
        FilePath,
        Field(
            description="32 bytes as 64 hex digits that key the hashes of answers. If it is changed, a repetition of an older answer counts as a contradiction."
        ),
    ]
    unverified: Annotated[
        Literal["answer", "park"],
        Field(description="What becomes of an inquiry whose rule has no checked source, as at the router."),
    ] = "answer"
    directory_fresh: DirectoryFresh = FRESH
    sign_in: SignIn | None = None
    webhook_keys_file: Annotated[
        FilePath,
        Field(
            description="Master keys of the webhooks' signatures: 64 hexadecimal digits a line, the newest first. "
            "While there are two, everything is signed with both."
        ),
    ]
    webhook_networks: Annotated[
        tuple[IPvAnyNetwork, ...],
        Field(
            description="Networks (JSON list) that webhooks may reach although they are not public; `http` without "
            "TLS is possible to loopback only, and only if that is among them."
        ),
    ] = ()
    requests_per_minute: Annotated[
        int,
        Field(ge=1, description="Requests of one principal in a minute, for each authority that it serves."),
    ] = 3000
    competence_requests_per_minute: Annotated[
        int, Field(ge=1, description="Questions of all together that are answered in a minute.")
    ] = 6000
    competence_requests_per_address: Annotated[
        int, Field(ge=1, description="Questions of one address that are answered in a minute.")
    ] = 3000
