"""What connects to what: the bus to the ledger, the ledger to the files, both to those who read."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from services.audit.adapters.auditors import RegisteredAuditors
from services.audit.adapters.key_files import read_keys, read_secrecy
from services.audit.adapters.postgres import MIGRATIONS, SCHEMA
from services.audit.adapters.witness_http import require_protected
from services.audit.app.service import AuditService, assemble, new_known_events
from services.audit.consumer import sequencing
from services.audit.domain.policy import WITHOUT_WITNESSES, Policy, parse_policy
from services.audit.ports import GROUP
from services.audit.settings import Settings
from shared.access.principals import Principals
from shared.bounded_files import read_bounded
from shared.engine import KafkaToPostgres
from shared.events.topic_names import produced_by
from shared.kafka.client import KafkaAddress
from shared.kafka.lag import lag_of
from shared.kafka.partitions import PartitionCheck
from shared.kafka.publisher import Publisher as BusPublisher
from shared.postgres import migrations, offsets
from shared.postgres.outbox import OutboxPublisher
from shared.postgres.pool import open_pool
from shared.service.follower import Follower
from shared.service.run import Component
from shared.settings import read_optional_secret
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import HttpServer

__all__ = ["AuditService", "assemble", "build", "new_known_events"]


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Mapping[str, Component]]:
    """Make the real parts; they are closed when the block ends.

    Raises:
        Unavailable: PostgreSQL cannot be reached.
        ProofRefused: a key is not what it should be.
        ValueError: a witness is to be asked in clear.
    """
    health, telemetry = Health(), Telemetry()
    policy = _policy(settings)
    password = read_optional_secret(settings.postgres.password_file)
    await migrations.upgrade(settings.postgres.url, schema=SCHEMA, folder=MIGRATIONS, password=password)
    pool = await open_pool(
        settings.postgres.url, schema=SCHEMA, password=password, size=settings.postgres.pool_size
    )
    async with pool, AsyncExitStack() as closing:
        principals = Principals(pool, condition=health.part("principals"))
        service = assemble(
            settings,
            pool=pool,
            secrecy=read_secrecy(settings.pseudonym_key_file),
            keys=read_keys(settings.log_key_file, origin=settings.log_origin),
            readers=RegisteredAuditors(principals),
            policy=policy,
            successor=None
            if settings.successor_key_file is None
            else read_secrecy(settings.successor_key_file),
            health=health,
            telemetry=telemetry,
        )
        closing.callback(service.witnesses.close)
        closing.push_async_callback(service.reading.close)
        listener = settings.http
        http = HttpServer(
            service.http,
            host=listener.host,
            port=listener.port,
            health=health,
            certificate=listener.certificate_file,
            key=listener.key_file,
        )
        if settings.successor_origin is not None:
            for part in ("checkpoints", "completeness", "erasures"):
                health.part(part).set("ready", reason="the log is closed; it is only read")
            yield {"principals": principals, "http": http, "refusals": service.refusals}
            return
        await service.log.found(new_known_events(service.secrecy))
        address = KafkaAddress.of(settings.kafka)
        publisher = BusPublisher(address, health=health, topics=produced_by("audit"))
        stored = partial(offsets.stored, pool, GROUP)
        lag = lag_of("audit", address=address, stored=stored, health=health, telemetry=telemetry)
        yield {
            "principals": principals,
            "partitions": PartitionCheck.of(address, "audit"),
            "bus": publisher,
            "outbox": OutboxPublisher(pool, publisher, schema=SCHEMA, health=health, telemetry=telemetry),
            "sequencer": KafkaToPostgres(
                sequencing(settings),
                service.projection,
                address=address,
                pool=pool,
                health=health,
                telemetry=telemetry,
            ),
            "checkpoints": service.publisher,
            **({} if service.timestamps is None else {"timestamps": service.timestamps}),
            "completeness": Follower(service.completeness, name="completeness", health=health),
            "refusals": service.refusals,
            "erasures": service.erasures,
            "lag": Follower(lag, name="lag", health=health),
            "http": http,
        }


def _policy(settings: Settings) -> Policy:
    """Whose cosignatures are asked for."""
    if settings.policy_file is None:
        return WITHOUT_WITNESSES
    policy = parse_policy(read_bounded(settings.policy_file))
    require_protected(policy.witnesses, in_clear=settings.witnesses_in_clear)
    return policy
