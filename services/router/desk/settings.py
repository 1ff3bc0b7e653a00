"""What the process `desk` is told; a wrong value stops the start and names the variable."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, FilePath

from services.router.domain.directory.versions import FRESH
from shared.settings import HttpListener, Issuer, KafkaConnection, PostgresConnection, ServiceSettings, SignIn


class Settings(ServiceSettings):
    """The clearing desk's environment. PostgreSQL is asked who may come in, and nothing else."""

    kafka: KafkaConnection
    postgres: PostgresConnection
    http: HttpListener = HttpListener()
    issuer: Annotated[Issuer, Field(description="The token door's public base URL.")]
    token_keys_file: Annotated[FilePath, Field(description="JWK Set of its public keys, old ones included.")]
    directory_fresh: Annotated[
        timedelta,
        Field(
            gt=timedelta(), le=FRESH, description="How old the last reading of the directory's topic may be."
        ),
    ] = FRESH
    timezone: Annotated[str, Field(description="Where the authorities' days begin.")] = "Europe/Berlin"
    sign_in: SignIn | None = None
