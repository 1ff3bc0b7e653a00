"""What the process `desk` is told; a wrong value stops the start and names the variable."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, FilePath

from services.router.domain.directory.versions import FRESH
from shared.settings import HttpListener, Issuer, KafkaConnection, PostgresConnection, ServiceSettings, SignIn


class Settings(ServiceSettings):
    """The clearing desk's environment. PostgreSQL is asked who may come in, and nothing else.

    ``issuer`` is the token door's public base URL, and ``token_keys_file`` a JWK Set of its public keys, old ones
    included. ``directory_fresh`` is how old the last reading of the directory's topic may be for an order.
    ``timezone`` is where the authorities' days begin.
    """

    kafka: KafkaConnection
    postgres: PostgresConnection
    http: HttpListener = HttpListener()
    issuer: Issuer
    token_keys_file: FilePath
    directory_fresh: Annotated[timedelta, Field(gt=timedelta(), le=FRESH)] = FRESH
    timezone: str = "Europe/Berlin"
    sign_in: SignIn | None = None
