"""What connects to what: the router's handler to its engine, its engine to Kafka. No request from outside comes here."""

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import orjson

from services.router.adapters.authorities import KeyFile, KnownAuthorities
from services.router.adapters.directory_topic import FollowedDirectories
from services.router.consumer import ROUTING, Routing
from services.router.handler.clock import Timekeeper
from services.router.handler.refusals import ToldRefusals
from services.router.handler.routing import Handler
from services.router.handler.supplements import Supplements
from services.router.ports import Authorities, Clock, Directories
from services.router.settings import Settings
from shared.access.suspensions import FollowedSuspensions
from shared.bounded_files import read_bounded
from shared.crypto.jwe import OwnKey, Rewrapper
from shared.engine import KafkaToKafka, Plan
from shared.events.topic_names import produced_by
from shared.events.topics import AUTHORITY_INBOX, CASE_UPDATED
from shared.kafka.client import KafkaAddress
from shared.kafka.lag import lag_of
from shared.kafka.output_topics import OutputTopics
from shared.kafka.partitions import PartitionCheck
from shared.service.clock import utc_now
from shared.service.follower import Follower
from shared.service.run import Component
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import HttpServer, create_app

_BODY_BYTES = 0
"""Nothing is sent here: health and metrics are only read."""


def build(settings: Settings, *, clock: Clock = utc_now) -> Mapping[str, Component]:
    """Make the real parts: the router, its directory, health and metrics; ``clock`` is what all decisions go by."""
    health, telemetry = Health(), Telemetry()
    address = KafkaAddress.of(settings.kafka)
    outputs = OutputTopics(produced_by("router"))
    directories = FollowedDirectories(
        address,
        condition=health.part("directory"),
        telemetry=telemetry,
        on_directory=lambda directory: outputs.expect(
            *map(AUTHORITY_INBOX.for_authority, directory.authorities)
        ),
        fresh=settings.directory_fresh,
        clock=clock,
    )
    suspensions = FollowedSuspensions(address, condition=health.part("suspensions"))
    authorities = _authorities(settings, outputs=outputs, telemetry=telemetry)
    handler = _handler(settings, directories, authorities, outputs=outputs, clock=clock)
    timekeeper = _timekeeper(settings, suspensions, authorities, clock=clock)
    routing = Routing(handler, timekeeper, telemetry=telemetry)
    plan = _plan(settings)
    outputs.show(telemetry, group=plan.group)
    return {
        "partitions": PartitionCheck.of(address, "router"),
        "directory": Follower(directories, name="directory", health=health),
        "suspensions": Follower(suspensions, name="suspensions", health=health),
        "routing": KafkaToKafka(
            plan,
            routing,
            address=address,
            outputs=outputs,
            health=health,
            telemetry=telemetry,
            punctuate=routing.punctuate,
        ),
        "lag": Follower(
            lag_of("router", address=address, health=health, telemetry=telemetry), name="lag", health=health
        ),
        "http": _http(settings, health=health, telemetry=telemetry),
    }


def _plan(settings: Settings) -> Plan:
    return replace(
        ROUTING,
        instance=settings.instance,
        batch_size=settings.batch_size,
        minimum_period=settings.minimum_period,
    )


def _timekeeper(
    settings: Settings, suspensions: FollowedSuspensions, authorities: Authorities, *, clock: Clock
) -> Timekeeper:
    return Timekeeper(
        authorities=authorities,
        clock=clock,
        suspensions=suspensions,
        ahead=settings.clock_ahead,
    )


def _authorities(settings: Settings, *, outputs: OutputTopics, telemetry: Telemetry) -> KnownAuthorities:
    return KnownAuthorities(
        keys=KeyFile(settings.authority_keys_file),
        rewrapper=Rewrapper(_platform_keys(settings.platform_keys_file)),
        has_inbox=lambda authority: outputs.certainly_available(AUTHORITY_INBOX.for_authority(authority)),
        telemetry=telemetry,
    )


def _handler(
    settings: Settings,
    directories: Directories,
    authorities: Authorities,
    *,
    outputs: OutputTopics,
    clock: Clock,
) -> Handler:
    return Handler(
        directories=directories,
        authorities=authorities,
        supplements=Supplements(authorities=authorities, clock=clock),
        refusals=ToldRefusals(
            authorities=authorities, clock=clock, partitions=lambda: outputs.count(CASE_UPDATED.name)
        ),
        clock=clock,
        unverified=settings.unverified,
    )


def _http(settings: Settings, *, health: Health, telemetry: Telemetry) -> HttpServer:
    app = create_app(
        title="Amtsweg router",
        version=version("amtsweg"),
        health=health,
        telemetry=telemetry,
        body_limit=_BODY_BYTES,
    )
    return HttpServer.of(app, settings.http, health=health)


def _platform_keys(path: Path) -> list[OwnKey]:
    return [OwnKey(jwk) for jwk in orjson.loads(read_bounded(path))["keys"]]
