"""What connects to what: HTTP to the handlers, the handlers to Kafka, PostgreSQL and Redis, the bus to histories."""

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI, Request, Response

from services.intake.adapters.http.gate import Gate
from services.intake.adapters.http.histories import history_routes
from services.intake.adapters.http.openapi import describe
from services.intake.adapters.http.problems import problem
from services.intake.adapters.http.submissions import BODY_LIMIT, submission_routes
from services.intake.adapters.http.token import token_routes
from services.intake.adapters.jwt import TOKEN_LIFETIME
from services.intake.adapters.rates import Quota
from services.intake.handler.submissions import SubmissionDesk
from services.intake.handler.tokens import TokenDoor
from services.intake.ports import Histories
from shared.runtime.errors import Unavailable
from shared.runtime.health import Health
from shared.runtime.http import create_app
from shared.runtime.telemetry import Telemetry

_RETRY: Final = {"Retry-After": "2"}


def assemble(
    *,
    desk: SubmissionDesk,
    door: TokenDoor,
    histories: Histories,
    count: Callable[[str], Awaitable[Quota | None]],
    max_in_flight: int,
    health: Health,
    telemetry: Telemetry,
) -> FastAPI:
    """Return the HTTP application over these parts; ``count`` counts a request of a client."""
    app = create_app(
        title="Amtsweg intake",
        version=version("amtsweg"),
        health=health,
        telemetry=telemetry,
        body_limit=BODY_LIMIT,
    )
    app.add_exception_handler(Unavailable, _on_unavailable)
    gate = Gate(tokens=door.tokens, clients=door.clients, count=count)
    lifetime = int(TOKEN_LIFETIME.total_seconds())
    for routes in (
        submission_routes(desk.submit, gate=gate, max_in_flight=max_in_flight, telemetry=telemetry),
        history_routes(histories, gate=gate),
        token_routes(door.issue, lifetime_seconds=lifetime, count=count, telemetry=telemetry),
    ):
        app.include_router(routes)
    describe(app)
    return app


async def _on_unavailable(request: Request, error: Exception) -> Response:
    """Which part is away is the operator's business; it stands in /health/ready."""
    del error
    return problem("unavailable", request, headers=_RETRY).response(request.url.path)
