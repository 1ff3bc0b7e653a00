"""All doors of the service in one place: which desk is behind each, and who is let in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, Protocol

from fastapi import FastAPI

from services.audit.adapters.evidence_files import EvidenceFiles
from services.audit.adapters.http.completeness import AccountsDesk, DaysDesk, completeness_routes
from services.audit.adapters.http.evaluations import EvaluationsDesk, evaluation_routes
from services.audit.adapters.http.evidence import evidence_routes
from services.audit.adapters.http.exports import export_routes
from services.audit.adapters.http.files import file_routes
from services.audit.adapters.http.gate import Gate
from services.audit.adapters.http.page import page_routes
from services.audit.adapters.http.room import Allows, Room, proof_routes, room_routes
from services.audit.adapters.http.status import status_routes
from services.audit.adapters.postgres.growth import PostgresGrowth
from services.audit.adapters.proofs import Proofs
from services.audit.adapters.stamp_folder import StampFolder
from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.access import Readers
from services.audit.domain.export import Row
from services.audit.domain.keys import SigningKey
from services.audit.domain.looks import Visit
from services.audit.domain.schemas import payload_schemas
from services.audit.ports import Answer, Clock
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app

_BODY_LIMIT: Final = 64 * 1024


class ReadingDesk(Room, Protocol):
    """The reading room with all that it gives out, and the record that it keeps."""

    async def entry(self, visit: Visit, index: int) -> Answer:
        """The entry at this index with its payload, or none."""

    async def rows(self, start: int, end: int) -> Sequence[Row]:
        """Entries as they are exported, from one index to before another."""

    async def record(self, visit: Visit, question: Mapping[str, str], *, cases: Sequence[str] = ()) -> int:
        """Commit a look and return the index of its leaf."""

    async def refuse(self, reason: str, route: str, reader: str | None = None) -> None:
        """Put it on record that somebody was turned away."""


class TwoPersonsDesk(EvaluationsDesk, Protocol):
    """Personal evaluations, and what they allow."""

    @property
    def allows(self) -> Allows:
        """Tells whether another auditor has agreed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """Who answers."""

    room: ReadingDesk
    days: DaysDesk
    accounts: AccountsDesk
    evaluations: TwoPersonsDesk


def http_app(
    desks: Desks,
    folder: TileFolder,
    *,
    stamps: StampFolder,
    growth: PostgresGrowth,
    policy: str,
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
    room, proofs = desks.room, Proofs(folder)
    looking = Gate("look", readers=readers, clock=clock, record=room.refuse)
    bundles = Gate("look", "bundles", readers=readers, clock=clock, record=room.refuse)
    exporting = Gate("export", readers=readers, clock=clock, record=room.refuse)
    files = EvidenceFiles(proofs, stamps=stamps, policy=policy, schemas=payload_schemas())
    for routes in (
        room_routes(room, proofs=proofs, gate=looking, allows=desks.evaluations.allows),
        evaluation_routes(desks.evaluations, record=room.record, gate=looking),
        evidence_routes(files, timeline=room.timeline, entry=room.entry, gate=looking),
        status_routes(proofs, growth=growth, stamps=stamps, policy=policy, gate=looking),
        page_routes(),
        proof_routes(proofs),
        completeness_routes(
            room.record, accounts=desks.accounts, days=desks.days, proofs=proofs, gate=looking
        ),
        export_routes(room.rows, record=room.record, proofs=proofs, keys=keys, clock=clock, gate=exporting),
        file_routes(folder, gate=bundles, record=room.refuse),
    ):
        app.include_router(routes)
    return app
