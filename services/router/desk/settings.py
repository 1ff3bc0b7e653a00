"""What the process `desk` is told; a wrong value stops the start and names the variable."""

from typing import Annotated

from pydantic import DirectoryPath, Field, FilePath

from services.router.domain.directory.versions import FRESH
from services.router.settings import DirectoryFresh
from shared.settings import (
    HttpListener,
    Issuer,
    KafkaConnection,
    PostgresConnection,
    ProtectedUrl,
    ServiceSettings,
    SignIn,
)

ProcessName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


class Settings(ServiceSettings):
    """The clearing desk's environment. PostgreSQL is asked who may come in, and nothing else."""

    kafka: KafkaConnection
    postgres: PostgresConnection
    http: HttpListener = HttpListener()
    issuer: Annotated[Issuer, Field(description="The token door's public base URL.")]
    token_keys_file: Annotated[FilePath, Field(description="JWK Set of its public keys, old ones included.")]
    directory_fresh: DirectoryFresh = FRESH
    sign_in: SignIn | None = None
    directory: Annotated[
        DirectoryPath | None,
        Field(
            description="Folder of the directory; its areas are the console's map. Without it there is no map."
        ),
    ] = None
    processes: Annotated[
        dict[ProcessName, ProtectedUrl],
        Field(
            default_factory=dict,
            description="The other processes (JSON: name and base URL of `/health/ready` and `/metrics`), whose health "
            "and lag the console shows.",
        ),
    ]
    processes_ca_file: Annotated[
        FilePath | None,
        Field(description="Whom to believe of them (PEM), where the system's own list does not suffice."),
    ] = None
    one_machine: Annotated[
        bool,
        Field(
            description="The local stack sets it: that one broker keeps one copy of everything is no fault to the console."
        ),
    ] = False
