"""All HTTP routes of the service: which handler serves each, and who may call it."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI

from services.audit.adapters.evidence_files import EvidenceFiles
from services.audit.adapters.http.completeness import completeness_routes
from services.audit.adapters.http.evaluations import evaluation_routes
from services.audit.adapters.http.evidence import evidence_routes
from services.audit.adapters.http.exports import export_routes
from services.audit.adapters.http.files import file_routes
from services.audit.adapters.http.page import page_routes
from services.audit.adapters.http.reader_auth import ReaderAuth, RecordRefusal
from services.audit.adapters.http.room import proof_routes, room_routes
from services.audit.adapters.http.status import status_routes
from services.audit.adapters.postgres.growth import PostgresGrowth
from services.audit.adapters.proofs import Proofs
from services.audit.adapters.stamp_folder import StampFolder
from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.keys import SigningKey
from services.audit.domain.schemas import payload_schemas
from services.audit.handler.completeness_report import Accounts
from services.audit.handler.days import Days
from services.audit.handler.evaluate import Evaluations
from services.audit.handler.read import ReadingRoom
from services.audit.ports import Clock, Readers
from shared.directory_names import NamesByKey
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app
from shared.web.described import described
from shared.web.names import names_routes

_BODY_LIMIT: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """Who answers."""

    room: ReadingRoom
    refuse: RecordRefusal
    days: Days
    accounts: Accounts
    evaluations: Evaluations


def http_app(
    desks: Desks,
    folder: TileFolder,
    *,
    stamps: StampFolder,
    growth: PostgresGrowth,
    policy: str,
    names: NamesByKey,
    keys: Sequence[SigningKey],
    readers: Readers,
    clock: Clock,
    health: Health,
    telemetry: Telemetry,
) -> FastAPI:
    """The app with every route; ``policy`` is the trust policy that an evidence file carries along."""
    app = create_app(
        title="Amtsweg audit",
        version=version("amtsweg"),
        health=health,
        telemetry=telemetry,
        body_limit=_BODY_LIMIT,
    )
    room, proofs, evaluations = desks.room, Proofs(folder), desks.evaluations
    looking = ReaderAuth("look", readers=readers, clock=clock, record=desks.refuse)
    bundles = ReaderAuth("look", "bundles", readers=readers, clock=clock, record=desks.refuse)
    exporting = ReaderAuth("export", readers=readers, clock=clock, record=desks.refuse)
    files = EvidenceFiles(proofs, stamps=stamps, policy=policy, schemas=payload_schemas(), names=names)
    asked = (
        room_routes(room, proofs=proofs, gate=looking, evaluations=evaluations, names=names),
        evaluation_routes(evaluations, room=room, gate=looking),
        evidence_routes(files, room=room, evaluations=evaluations, gate=looking),
        status_routes(proofs, growth=growth, stamps=stamps, policy=policy, gate=looking),
        completeness_routes(
            room, accounts=desks.accounts, days=desks.days, proofs=proofs, gate=looking, names=names
        ),
        export_routes(
            room,
            evaluations=evaluations,
            proofs=proofs,
            keys=keys,
            clock=clock,
            gate=exporting,
        ),
    )
    public = (
        names_routes(names),
        page_routes(),
        proof_routes(proofs),
        file_routes(folder, gate=bundles, record=desks.refuse),
    )
    for routes in asked:
        app.include_router(routes, responses=described(400, 404, 409, 422, 429))
    for routes in public:
        app.include_router(routes, responses=described(404))
    return app
