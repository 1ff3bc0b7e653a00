"""The HTTP applications of all services, with what is behind them in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI

from services.audit.adapters.auditors import RegisteredAuditors
from services.audit.adapters.http.doors import Desks, http_app
from services.audit.adapters.postgres.growth import PostgresGrowth
from services.audit.adapters.stamp_folder import StampFolder
from services.audit.adapters.tile_folder import TileFolder
from services.notifier.app import application as notifier_app
from services.router.adapters.http.competence import add_competence
from shared.directory_names import NamesByKey
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.rate_limit import Rates
from tests.component.intake.conftest import in_memory
from tests.support.auditors import auditors
from tests.support.clerk import ClerksDoors, clerk_app
from tests.support.console import ConsoleGround, console_app
from tests.support.desk import DeskInMemory, desk_app
from tests.support.doors import DoorsInMemory, doors_app
from tests.support.events import RECEIVED_AT
from tests.support.law import hessian_law
from tests.support.routing import RouterInMemory, hessen, resolve
from tests.support.served import sign_in_at

SERVICES = ("intake", "doors", "desk", "notifier", "audit")


class NobodyHome:
    """Stands for the auditors' desks where nobody is let in; every refusal is counted."""

    def __init__(self) -> None:
        self.refused: list[Sequence[object]] = []

    async def refuse(self, *of: object) -> None:
        self.refused.append(of)

    def __getattr__(self, name: str) -> Any:
        return self


@asynccontextmanager
async def app_of(service: str, folder: Path) -> AsyncIterator[FastAPI]:
    """The service's application; ``folder`` is empty."""
    match service:
        case "intake":
            async with in_memory() as intake:
                yield intake.app
        case "doors":
            yield with_competence(doors_app(DoorsInMemory()))
        case "desk":
            yield desk_app(DeskInMemory(RouterInMemory(folder)))
        case "notifier":
            yield notifier_app(law=hessian_law(), health=Health(), telemetry=Telemetry())
        case _:
            yield audit_app(folder, auditors({}))


@asynccontextmanager
async def page_of(service: str, folder: Path) -> AsyncIterator[FastAPI]:
    """The application of the clerk's page (``doors``) or of the console (``desk``), which people sign in to."""
    yield (
        clerk_app(ClerksDoors(), sign_in_at("doors"))
        if service == "doors"
        else console_app(ConsoleGround(RouterInMemory(folder)), sign_in_at("desk"))
    )


def with_competence(app: FastAPI) -> FastAPI:
    """The same app; it says who is competent, by the directory of Hessen."""
    add_competence(
        app,
        decide=lambda inquiry: resolve(inquiry, directory=hessen()),
        today=RECEIVED_AT.date,
        rates=Rates(100_000, per_address=100_000, seconds=lambda: 0.0),
    )
    return app


def audit_app(folder: Path, readers: RegisteredAuditors) -> FastAPI:
    """The auditors' application, whose desks say nothing."""
    nobody = cast("Any", NobodyHome())
    return http_app(
        Desks(room=nobody, refuse=nobody.refuse, days=nobody, accounts=nobody, evaluations=nobody),
        TileFolder(folder / "log"),
        stamps=StampFolder(folder / "stamps"),
        growth=cast("PostgresGrowth", nobody),
        policy="",
        names=NamesByKey.none(),
        keys=(),
        readers=readers,
        clock=lambda: datetime.now(UTC),
        health=Health(),
        telemetry=Telemetry(),
    )
