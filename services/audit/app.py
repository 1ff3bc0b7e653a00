"""What connects to what: the bus to the ledger, the ledger to the files, both to those who read."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final
from uuid import UUID, uuid4

from fastapi import FastAPI

from services.audit.adapters.bus import AuditProjection
from services.audit.adapters.http.files import file_routes
from services.audit.adapters.http.gate import Gate
from services.audit.adapters.http.room import proof_routes, room_routes
from services.audit.adapters.leadership import PublisherLoop
from services.audit.adapters.postgres import MIGRATIONS
from services.audit.adapters.postgres.archive import PostgresArchive
from services.audit.adapters.postgres.committed import PostgresLog
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.adapters.proofs import Proofs
from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.access import Readers
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.keys import SigningKey
from services.audit.domain.looks import SOURCE
from services.audit.domain.note import Note
from services.audit.domain.secrecy import Secrecy
from services.audit.handler.publish import Publisher
from services.audit.handler.read import ReadingRoom
from services.audit.handler.sequence import Sequencer
from services.audit.settings import Settings
from shared.runtime.health import Health
from shared.runtime.http import create_app
from shared.runtime.postgres import Pool
from shared.runtime.telemetry import Telemetry

SCHEMA: Final = "audit"
GROUP: Final = "audit"
_BODY_LIMIT = 64 * 1024

__all__ = ["GROUP", "MIGRATIONS", "SCHEMA"]


@dataclass(frozen=True, slots=True)
class Service:
    """The audit service over one pool and one folder, before anything runs."""

    log: PostgresLog
    projection: AuditProjection
    publisher: PublisherLoop
    http: FastAPI


def assemble(
    settings: Settings,
    *,
    pool: Pool,
    secrecy: Secrecy,
    keys: Sequence[SigningKey],
    readers: Readers,
    health: Health,
    telemetry: Telemetry,
) -> Service:
    """Connect the parts."""
    origin = settings.log_origin
    folder = TileFolder(settings.tile_folder)
    log = PostgresLog(pool, origin=origin, source=SOURCE)
    sequencer = Sequencer(secrecy=secrecy, random_bytes=os.urandom)
    room = ReadingRoom(
        sequencer,
        ledgers=PostgresLedgers(pool, origin=origin),
        archive=PostgresArchive(pool, origin=origin),
        secrecy=secrecy,
        clock=_now,
        new_id=_new_id,
    )
    publisher = Publisher(
        origin=origin, keys=keys, log=log, publications=log, shelf=folder, clock=_now, cosign=_alone
    )
    return Service(
        log=log,
        projection=AuditProjection(sequencer.append, origin=origin, secrecy=secrecy),
        publisher=PublisherLoop(
            pool,
            folder,
            origin=origin,
            start=publisher.start,
            publish=publisher.publish,
            committed=log.frontier,
            interval=settings.publish_interval,
            republish_after=settings.republish_after,
            condition=health.part("publisher"),
        ),
        http=_http(room, folder, readers=readers, health=health, telemetry=telemetry),
    )


def _http(
    room: ReadingRoom, folder: TileFolder, *, readers: Readers, health: Health, telemetry: Telemetry
) -> FastAPI:
    app = create_app(
        title="Amtsweg audit",
        version=version("amtsweg"),
        health=health,
        telemetry=telemetry,
        body_limit=_BODY_LIMIT,
    )
    proofs = Proofs(folder)
    looking = Gate("look", readers=readers, clock=_now, record=room.refuse)
    bundles = Gate("look", "bundles", readers=readers, clock=_now, record=room.refuse)
    app.include_router(room_routes(room, proofs=proofs, gate=looking))
    app.include_router(proof_routes(proofs))
    app.include_router(file_routes(folder, gate=bundles, record=room.refuse))
    return app


async def _alone(note: Note, _: Checkpoint) -> Note:
    return note


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> UUID:
    return uuid4()
