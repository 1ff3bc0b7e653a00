"""What the process `doors` is told; a wrong value stops the start and names the variable."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from services.router.domain.directory.versions import FRESH
from shared.settings import HttpListener, KafkaConnection, ServiceSettings


class Settings(ServiceSettings):
    """The environment of the authorities' doors.

    ``unverified`` says what becomes of an answer that rests on a rule without a checked source, as at the router.
    ``directory_fresh`` is how old the last reading of the directory's topic may be for an answer. ``timezone`` is
    where the authorities' days begin. ``competence_requests_per_minute`` is how many inquiries are answered.
    """

    kafka: KafkaConnection
    http: HttpListener = HttpListener()
    unverified: Literal["answer", "park"] = "answer"
    directory_fresh: Annotated[timedelta, Field(gt=timedelta(), le=FRESH)] = FRESH
    timezone: str = "Europe/Berlin"
    competence_requests_per_minute: Annotated[int, Field(ge=1)] = 6000
