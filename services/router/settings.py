"""What the router is told; a wrong value stops the start and names the variable."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, FilePath

from services.router.domain.directory.versions import FRESH
from shared.settings import HttpListener, PeriodSettings

DirectoryFresh = Annotated[
    timedelta,
    Field(gt=timedelta(), le=FRESH, description="How old the last reading of the directory's topic may be."),
]


class Settings(PeriodSettings):
    """The router's environment."""

    http: HttpListener = HttpListener()
    platform_keys_file: Annotated[
        FilePath, Field(description="JWK Set of the platform's private keys, old ones included.")
    ]
    authority_keys_file: Annotated[
        FilePath,
        Field(
            description="JSON object from authority id to its public JWK; it is read again when it changes."
        ),
    ]
    unverified: Annotated[
        Literal["answer", "park"],
        Field(description="What becomes of a submission whose rule has no checked source."),
    ] = "answer"
    directory_fresh: DirectoryFresh = FRESH
    batch_size: Annotated[
        int, Field(ge=1, le=5000, description="Records that one transaction takes at most.")
    ] = 600
    minimum_period: Annotated[
        timedelta, Field(description="The least time between two transactions of a partition.")
    ] = timedelta(milliseconds=30)
