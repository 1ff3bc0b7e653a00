"""How the log stands: its growth, its latest time stamp, and the keys that it names as its own."""

from typing import Annotated

from fastapi import APIRouter, Security

from services.audit.adapters.http.reader_auth import ReaderAuth
from services.audit.adapters.postgres.growth import PostgresGrowth
from services.audit.adapters.proofs import Proofs
from services.audit.adapters.stamp_folder import StampFolder
from services.audit.domain.access import Reader
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.note import Note
from services.audit.domain.timestamp import stated_time
from shared.events.payload import Instant, WireModel


class SampleDocument(WireModel):
    """An entry's place and time."""

    index: int
    time: Instant


class StampDocument(WireModel):
    """When an authority has stamped the checkpoint of so many entries; the evidence files hold the stamp itself."""

    time: Instant
    size: int


class StatusDocument(WireModel):
    """The signed checkpoint is at ``/log/checkpoint``. ``policy`` (C2SP tlog-policy): compare its keys elsewhere."""

    policy: str
    growth: tuple[SampleDocument, ...]
    stamp: StampDocument | None = None


def status_routes(
    proofs: Proofs, *, growth: PostgresGrowth, stamps: StampFolder, policy: str, gate: ReaderAuth
) -> APIRouter:
    """``/v1/status``: it says nothing about a case or a person, so it asks for no purpose."""
    routes = APIRouter(prefix="/v1", tags=["reading room"])

    @routes.get("/status", response_model_exclude_none=True)
    async def status(_: Annotated[Reader, Security(gate)]) -> StatusDocument:
        """How the log has grown, and its latest time stamp."""
        checkpoint, _note = await proofs.checkpoint()
        samples = await growth.samples(checkpoint.size) if checkpoint.size else []
        stamped = await stamps.latest()
        return StatusDocument(
            policy=policy,
            growth=tuple(SampleDocument(index=each.index, time=each.time) for each in samples),
            stamp=None
            if stamped is None
            else StampDocument(
                time=stated_time(stamped.response),
                size=Checkpoint.from_text(Note.from_bytes(stamped.note).text).size,
            ),
        )

    return routes
