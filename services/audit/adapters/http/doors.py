"""All doors of the service in one place: which desk is behind each, and who is let in."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, Protocol

from fastapi import FastAPI

from services.audit.adapters.evidence_files import EvidenceFiles
from services.audit.adapters.http.completeness import AccountsDesk, DaysDesk, completeness_routes
from services.audit.adapters.http.evaluated import Persons
from services.audit.adapters.http.evaluations import EvaluationsDesk, evaluation_routes
from services.audit.adapters.http.evidence import evidence_routes
from services.audit.adapters.http.exports import export_routes
from services.audit.adapters.http.files import file_routes
from services.audit.adapters.http.page import page_routes
from services.audit.adapters.http.reader_auth import ReaderAuth, RecordRefusal
from services.audit.adapters.http.room import Room, proof_routes, room_routes
from services.audit.adapters.http.status import status_routes
from services.audit.adapters.postgres.growth import PostgresGrowth
from services.audit.adapters.proofs import Proofs
from services.audit.adapters.stamp_folder import StampFolder
from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.access import Readers
from services.audit.domain.access_log import AccessGrant
from services.audit.domain.export import ExportRow
from services.audit.domain.keys import SigningKey
from services.audit.domain.reading import ReadingResult
from services.audit.domain.schemas import payload_schemas
from services.audit.ports import Clock
from shared.directory_names import NamesByKey
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app
from shared.web.described import described
from shared.web.names import names_routes

_BODY_LIMIT: Final = 64 * 1024


class ReadingDesk(Room, Protocol):
    """The reading room with all that it gives out, and the record that it keeps."""

    async def entry(
        self, visit: AccessGrant, index: int, *, evaluated: AbstractSet[str] = frozenset()
    ) -> ReadingResult:
        """The entry at this index with its payload, or none."""

    async def rows(
        self, start: int, end: int, *, evaluated: AbstractSet[str] = frozenset()
    ) -> Sequence[ExportRow]:
        """Entries as they are exported, from one index to before another."""

    async def record(
        self, visit: AccessGrant, question: Mapping[str, str], *, cases: Sequence[str] = ()
    ) -> int:
        """Commit a look and return the index of its leaf."""


class TwoPersonsDesk(EvaluationsDesk, Protocol):
    """Personal evaluations, and what they allow."""

    @property
    def persons(self) -> Persons:
        """Tells whose acts a visitor may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """Who answers."""

    room: ReadingDesk
    refuse: RecordRefusal
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
    room, proofs, persons = desks.room, Proofs(folder), desks.evaluations.persons
    looking = ReaderAuth("look", readers=readers, clock=clock, record=desks.refuse)
    bundles = ReaderAuth("look", "bundles", readers=readers, clock=clock, record=desks.refuse)
    exporting = ReaderAuth("export", readers=readers, clock=clock, record=desks.refuse)
    files = EvidenceFiles(proofs, stamps=stamps, policy=policy, schemas=payload_schemas(), names=names)
    asked = (
        room_routes(room, proofs=proofs, gate=looking, persons=persons, names=names),
        evaluation_routes(desks.evaluations, record=room.record, gate=looking),
        evidence_routes(files, room=room, persons=persons, gate=looking),
        status_routes(proofs, growth=growth, stamps=stamps, policy=policy, gate=looking),
        completeness_routes(
            room.record, accounts=desks.accounts, days=desks.days, proofs=proofs, gate=looking, names=names
        ),
        export_routes(
            room.rows,
            record=room.record,
            persons=persons,
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
