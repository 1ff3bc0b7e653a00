"""The service over one pool and one folder: the ledger to the files, both to those who read."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from cryptography.x509 import load_pem_x509_certificates
from fastapi import FastAPI

from services.audit.adapters.decoder_process import ReadingProcess
from services.audit.adapters.erasing import ErasureLoop
from services.audit.adapters.http.doors import Desks, http_app
from services.audit.adapters.leadership import PublisherLoop
from services.audit.adapters.object_files import ObjectFiles
from services.audit.adapters.obligations_loop import CompletenessLoop
from services.audit.adapters.postgres.archive import PostgresArchive
from services.audit.adapters.postgres.committed import PostgresLog
from services.audit.adapters.postgres.erasures import PostgresErasures
from services.audit.adapters.postgres.growth import PostgresGrowth
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.adapters.postgres.watch import PostgresWatch
from services.audit.adapters.proofs import Proofs
from services.audit.adapters.refusals_loop import RefusalsLoop
from services.audit.adapters.stamp_folder import StampFolder
from services.audit.adapters.tile_folder import TileFolder
from services.audit.adapters.time_authority import StampLoop, TimeAuthority
from services.audit.adapters.witness_http import WitnessHttp
from services.audit.consumer import AUDITED, AuditProjection
from services.audit.domain.access_log import SOURCE
from services.audit.domain.keys import SigningKey
from services.audit.domain.policy import WITHOUT_WITNESSES, Policy
from services.audit.domain.pseudonyms import KEY_BYTES, NONCE_BYTES, Pseudonymizer
from services.audit.handler.completeness_report import Accounts
from services.audit.handler.cosign import Cosigner
from services.audit.handler.days import Days
from services.audit.handler.erase import Eraser
from services.audit.handler.evaluate import Evaluations
from services.audit.handler.publish import LogPublisher
from services.audit.handler.read import ReadingRoom
from services.audit.handler.refusals import Refusals
from services.audit.handler.sequence import Sequencer
from services.audit.handler.stamp import Stamper
from services.audit.ports import Readers
from services.audit.settings import Settings
from shared.bounded_files import LARGE, read_bounded
from shared.directory_names import NamesByKey
from shared.events.topics import Topic
from shared.object_store import ObjectStore
from shared.postgres.pool import Pool
from shared.service.clock import utc_now
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry


@dataclass(frozen=True, slots=True)
class AuditService:
    """The audit service over one pool and one folder, before anything runs."""

    secrecy: Pseudonymizer
    log: PostgresLog
    reading: ReadingProcess
    projection: AuditProjection
    publisher: PublisherLoop
    witnesses: WitnessHttp
    timestamps: StampLoop | None
    completeness: CompletenessLoop
    days: Days
    refusals: RefusalsLoop
    erasures: ErasureLoop
    http: FastAPI


def assemble(
    settings: Settings,
    *,
    pool: Pool,
    secrecy: Pseudonymizer,
    keys: Sequence[SigningKey],
    readers: Readers,
    health: Health,
    telemetry: Telemetry,
    policy: Policy = WITHOUT_WITNESSES,
    topics: Sequence[Topic] = AUDITED,
    successor: Pseudonymizer | None = None,
) -> AuditService:
    """Connect the parts.

    ``policy`` names the witnesses that must cosign. ``topics`` are what it reads: everything that the catalogue marks
    as audited. ``successor`` is the secret of the log that records the looks, where this one is closed.
    """
    origin = settings.log_origin
    folder = TileFolder(settings.tile_folder, files=object_files(settings))
    stamps = StampFolder(settings.tile_folder / "stamps")
    telemetry.follow("checkpoint_age_seconds", folder.checkpoint_age)
    log = PostgresLog(pool, origin=origin, source=SOURCE)
    reading = ReadingProcess(secrecy=secrecy, topics=topics)
    sequencer = Sequencer(secrecy=secrecy, random_bytes=os.urandom)
    looks_origin, looks_secrecy = settings.successor_origin or origin, successor or secrecy
    looks = Sequencer(secrecy=looks_secrecy, random_bytes=os.urandom)
    room = ReadingRoom(
        looks,
        ledgers=PostgresLedgers(pool, origin=looks_origin),
        archive=PostgresArchive(pool, origin=origin),
        secrecy=secrecy,
        successor=successor,
        clock=utc_now,
        new_id=_new_id,
    )
    refusals = Refusals(
        looks,
        ledgers=PostgresLedgers(pool, origin=looks_origin),
        secrecy=looks_secrecy,
        clock=utc_now,
        new_id=_new_id,
    )
    watch = PostgresWatch(pool, origin=origin)
    days = Days(
        origin=origin,
        sequencer=sequencer,
        ledgers=PostgresLedgers(pool, origin=origin),
        archive=PostgresArchive(pool, origin=origin),
        log=log,
        watch=watch,
        secrecy=secrecy,
        clock=utc_now,
    )
    witnesses = WitnessHttp()
    cosigner = Cosigner(
        policy,
        ask=witnesses.ask,
        prove=Proofs(folder).between,
        keep_evidence=folder.keep_evidence,
    )
    publisher = LogPublisher(
        origin=origin,
        keys=keys,
        log=log,
        publications=log,
        shelf=folder,
        clock=utc_now,
        cosign=cosigner.cosign,
    )
    return AuditService(
        secrecy=secrecy,
        log=log,
        reading=reading,
        projection=AuditProjection(reading.read, sequencer.append, origin=origin),
        publisher=PublisherLoop(
            pool,
            folder,
            origin=origin,
            start=publisher.start,
            publish=publisher.publish,
            committed=log.frontier,
            interval=settings.publish_interval,
            republish_after=settings.republish_after,
            condition=health.part("checkpoints"),
        ),
        witnesses=witnesses,
        timestamps=stamping(settings, folder=folder, stamps=stamps, health=health, telemetry=telemetry),
        completeness=CompletenessLoop(
            watch, days.close, clock=utc_now, telemetry=telemetry, condition=health.part("completeness")
        ),
        days=days,
        refusals=RefusalsLoop(refusals.settle),
        erasures=ErasureLoop(
            PostgresErasures(pool, origin=origin, secrecy=secrecy),
            Eraser(
                sequencer,
                ledgers=PostgresLedgers(pool, origin=origin),
                secrecy=secrecy,
                clock=utc_now,
                new_id=_new_id,
                dumps_kept=settings.dumps_kept,
            ).carry_out,
            clock=utc_now,
            condition=health.part("erasures"),
        ),
        http=http_app(
            Desks(
                room=room,
                refuse=refusals.refuse,
                days=days,
                accounts=Accounts(watch, utc_now),
                evaluations=Evaluations(
                    sequencer=looks,
                    ledgers=PostgresLedgers(pool, origin=looks_origin),
                    archive=PostgresArchive(pool, origin=looks_origin),
                    secrecy=looks_secrecy,
                    clock=utc_now,
                    new_id=_new_id,
                ),
            ),
            folder,
            stamps=stamps,
            growth=PostgresGrowth(pool, origin=origin),
            policy=_policy(keys, policy),
            names=NamesByKey.none() if settings.directory is None else NamesByKey.read(settings.directory),
            keys=keys,
            readers=readers,
            clock=utc_now,
            health=health,
            telemetry=telemetry,
        ),
    )


def object_files(settings: Settings) -> ObjectFiles | None:
    """Where the log's public files lie, if not in its folder."""
    return None if settings.tile_store is None else ObjectFiles(ObjectStore.of(settings.tile_store))


def stamping(
    settings: Settings, *, folder: TileFolder, stamps: StampFolder, health: Health, telemetry: Telemetry
) -> StampLoop | None:
    """What has the checkpoint stamped every day, where an authority is named."""
    if settings.timestamp_url is None or settings.timestamp_roots_file is None:
        return None
    telemetry.follow("timestamp_age_seconds", stamps.age, log=settings.log_origin)
    stamper = Stamper(
        ask=TimeAuthority(str(settings.timestamp_url)).ask,
        published=lambda: folder.read("checkpoint"),
        stamps=stamps,
        roots=load_pem_x509_certificates(read_bounded(settings.timestamp_roots_file, most=LARGE)),
        clock=utc_now,
    )
    return StampLoop(stamper.stamp, condition=health.part("timestamps"))


def _policy(keys: Sequence[SigningKey], policy: Policy) -> str:
    """The trust policy (C2SP tlog-policy) that an evidence file carries along."""
    return policy.with_logs(*(key.verifier for key in keys)).to_text()


def new_known_events(secrecy: Pseudonymizer) -> bytes:
    """A fresh secret that names events over all logs, wrapped for a first log; later ones are handed theirs."""
    return secrecy.wrap(os.urandom(KEY_BYTES), nonce=os.urandom(NONCE_BYTES))


def _new_id() -> UUID:
    return uuid4()
