"""What each service is told: the mapping from the stack to the settings that the services read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from amtsweg.stack import ports
from amtsweg.stack.endpoints import KafkaEndpoint, PostgresEndpoint
from amtsweg.stack.provision.keys import Keys
from amtsweg.stack.provision.logins import Logins
from amtsweg.stack.provision.postgres import DATABASE

WANTED_PORTS = {"intake": 8081, "router": 8082, "notifier": 8083, "audit": 8084}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything a service may have to know of the stack; `http` maps services to their ports."""

    var: Path
    directory: Path
    kafka: KafkaEndpoint
    kafka_logins: Logins
    postgres: PostgresEndpoint
    postgres_logins: Logins
    redis_url: str
    smtp_port: int
    keys: Keys
    log_origin: str
    http: Mapping[str, int]

    @property
    def tile_folder(self) -> Path:
        return self.var / "tiles"


def environments(around: Surroundings) -> dict[str, dict[str, str]]:
    """The environment of every service, by its name, which is also its module's below `services`."""
    return {
        "intake": _kafka(around, "intake") | _postgres(around, "intake") | _http(around, "intake") | {},
        "router": _kafka(around, "router") | _http(around, "router") | _router(around),
        "notifier": _kafka(around, "notifier")
        | _postgres(around, "notifier")
        | _http(around, "notifier")
        | {},
        "audit": _kafka(around, "audit")
        | _postgres(around, "audit")
        | _http(around, "audit")
        | _audit(around),
    }


def _router(around: Surroundings) -> dict[str, str]:
    return {
        "AMTSWEG_DIRECTORY": str(around.directory),
        "AMTSWEG_PLATFORM_KEYS_FILE": str(around.keys.platform),
        "AMTSWEG_AUTHORITY_KEYS_FILE": str(around.keys.authorities_public),
    }


def _notifier(around: Surroundings) -> dict[str, str]:
    return {
        "AMTSWEG_DIRECTORY": str(around.directory),
        "AMTSWEG_NOTIFIER_KEYS_FILE": str(around.keys.notifier),
        "AMTSWEG_SENDER_NAME": "Amtsweg (Entwicklung)",
        "AMTSWEG_SENDER_ADDRESS": "amtsweg@amtsweg.example",
        "AMTSWEG_SMTP__HOST": ports.LOOPBACK,
        "AMTSWEG_SMTP__PORT": str(around.smtp_port),
        "AMTSWEG_SMTP__ENCRYPTION": "none",
    }


def _audit(around: Surroundings) -> dict[str, str]:
    return {
        "AMTSWEG_TILE_FOLDER": str(around.tile_folder),
        "AMTSWEG_LOG_ORIGIN": around.log_origin,
        "AMTSWEG_LOG_KEY_FILE": str(around.keys.log),
        "AMTSWEG_PSEUDONYM_KEY_FILE": str(around.keys.pseudonyms),
    }


def _kafka(around: Surroundings, principal: str) -> dict[str, str]:
    settings = {
        "AMTSWEG_KAFKA__BOOTSTRAP": around.kafka.bootstrap,
        "AMTSWEG_KAFKA__SECURITY_PROTOCOL": around.kafka.security_protocol,
        "AMTSWEG_KAFKA__USERNAME": principal,
        "AMTSWEG_KAFKA__PASSWORD_FILE": str(around.kafka_logins.file(principal)),
    }
    return settings | ({"AMTSWEG_KAFKA__CA_FILE": str(around.kafka.ca_file)} if around.kafka.ca_file else {})


def _postgres(around: Surroundings, role: str) -> dict[str, str]:
    server = around.postgres
    return {
        "AMTSWEG_POSTGRES__URL": f"postgresql://{role}@{server.host}:{server.port}/{DATABASE}",
        "AMTSWEG_POSTGRES__PASSWORD_FILE": str(around.postgres_logins.file(role)),
    }


def _http(around: Surroundings, service: str) -> dict[str, str]:
    return {"AMTSWEG_HTTP__HOST": ports.LOOPBACK, "AMTSWEG_HTTP__PORT": str(around.http[service])}
