"""What the router is told; a wrong value stops the start and names the variable."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, FilePath

from services.router.domain.directory.versions import FRESH
from shared.settings import HttpListener, KafkaConnection, ServiceSettings


class Settings(ServiceSettings):
    """The router's environment.

    ``platform_keys_file`` is a JWK Set of the platform's private keys, old ones included. ``authority_keys_file``
    is a JSON object from authority id to its public JWK; it is read again when it changes.
    ``directory_fresh`` is how old the last reading of the directory's topic may be for a decision.
    """

    kafka: KafkaConnection
    http: HttpListener = HttpListener()
    platform_keys_file: FilePath
    authority_keys_file: FilePath
    unverified: Literal["answer", "park"] = "answer"
    directory_fresh: Annotated[timedelta, Field(gt=timedelta(), le=FRESH)] = FRESH
    timezone: str = "Europe/Berlin"
    batch_size: Annotated[int, Field(ge=1, le=5000)] = 600
    minimum_period: timedelta = timedelta(milliseconds=30)
