"""What each service is told: the mapping from the stack to the settings that the services read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amtsweg.stack import ports
from amtsweg.stack.endpoints import KafkaEndpoint, PostgresEndpoint
from amtsweg.stack.provision.keys import Keyring
from amtsweg.stack.provision.postgres import DATABASE

PROCESSES: Mapping[str, str] = {
    "intake": "services.intake",
    "router": "services.router",
    "doors": "services.router.doors",
    "desk": "services.router.desk",
    "notifier": "services.notifier",
    "audit": "services.audit",
}
"""Our processes and the module that each runs. Each has a principal, grants and keys of its own."""

WANTED_PORTS = {"intake": 8081, "doors": 8082, "notifier": 8083, "audit": 8084, "desk": 8087, "router": 8088}

PAGES: Mapping[str, str] = {"doors": "/clerk", "desk": "/console"}
"""The processes that serve a page to people who sign in, and where it lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEnvironment:
    """Everything a service may have to know of the stack; `http` maps processes to their ports.

    `issuer` is where people sign in; without one the pages for them are not served. `platforms` are the clients whose
    mailboxes lie behind `mailbox_port`; mails come back to `bounce_port`. Without a port neither is set up.
    """

    var: Path
    directory: Path
    kafka: KafkaEndpoint
    postgres: PostgresEndpoint
    redis_url: str
    smtp_port: int
    mailbox_port: int = 0
    bounce_port: int = 0
    platforms: Sequence[str] = ()
    keys: Keyring
    log_origin: str
    http: Mapping[str, int]
    issuer: str = ""

    @property
    def tile_folder(self) -> Path:
        return self.var / "tiles"

    @property
    def letters(self) -> Path:
        return self.var / "letters"

    def url(self, service: str) -> str:
        return f"http://{ports.LOOPBACK}:{self.http[service]}"


def environments(around: ServiceEnvironment) -> dict[str, dict[str, str]]:
    """The environment of every process, by its name."""
    own = {
        "intake": _intake,
        "router": _router,
        "doors": _doors,
        "desk": _desk,
        "notifier": _notifier,
        "audit": _audit,
    }
    return {name: _common(around, name) | settings(around) for name, settings in own.items()}


def _intake(around: ServiceEnvironment) -> dict[str, str]:
    keys = around.keys
    return _postgres(around, "intake") | {
        "AMTSWEG_ISSUER": around.url("intake"),
        "AMTSWEG_TOKEN_KEYS_FILE": str(keys.tokens),
        "AMTSWEG_PLATFORM_KEY_FILE": str(keys.platform_public),
        "AMTSWEG_NOTIFIER_KEY_FILE": str(keys.contacts_public),
        "AMTSWEG_HASH_KEY_FILE": str(keys.hashes),
        "AMTSWEG_REDIS_URL": around.redis_url,
        "AMTSWEG_DIRECTORY": str(around.directory),
        "AMTSWEG_DOORS_URL": around.url("doors"),
    }


def _router(around: ServiceEnvironment) -> dict[str, str]:
    return {
        "AMTSWEG_PLATFORM_KEYS_FILE": str(around.keys.platform),
        "AMTSWEG_AUTHORITY_KEYS_FILE": str(around.keys.authorities),
    }


def _doors(around: ServiceEnvironment) -> dict[str, str]:
    return _postgres(around, "doors") | {
        "AMTSWEG_ISSUER": around.url("intake"),
        "AMTSWEG_TOKEN_KEYS_FILE": str(around.keys.tokens_public("doors")),
        "AMTSWEG_HASH_KEY_FILE": str(around.keys.answers),
        **_sign_in(around, "doors"),
        "AMTSWEG_WEBHOOK_KEYS_FILE": str(around.keys.webhooks),
        # A developer's receiver runs on this machine.
        "AMTSWEG_WEBHOOK_NETWORKS": '["127.0.0.0/8", "::1/128"]',
    }


def _desk(around: ServiceEnvironment) -> dict[str, str]:
    return _postgres(around, "desk") | {
        "AMTSWEG_ISSUER": around.url("intake"),
        "AMTSWEG_TOKEN_KEYS_FILE": str(around.keys.tokens_public("desk")),
        "AMTSWEG_DIRECTORY": str(around.directory),
        "AMTSWEG_PROCESSES": json.dumps(
            {name: around.url(name) for name in PROCESSES if name != "desk" and around.http[name]}
        ),
        "AMTSWEG_ONE_MACHINE": "true",
        **_sign_in(around, "desk"),
    }


def _notifier(around: ServiceEnvironment) -> dict[str, str]:
    return _postgres(around, "notifier") | {
        "AMTSWEG_DIRECTORY": str(around.directory),
        "AMTSWEG_NOTIFIER_KEYS_FILE": str(around.keys.contacts),
        "AMTSWEG_SENDER_NAME": "Amtsweg (Entwicklung)",
        "AMTSWEG_SENDER_ADDRESS": "amtsweg@amtsweg.example",
        "AMTSWEG_SMTP__HOST": ports.LOOPBACK,
        "AMTSWEG_SMTP__PORT": str(around.smtp_port),
        "AMTSWEG_SMTP__ENCRYPTION": "none",
        # The sink is near and answers at once, so what a crash left undone is taken up soon.
        "AMTSWEG_SMTP__TIMEOUT": "PT5S",
        "AMTSWEG_LEASE": "PT20S",
        **_other_channels(around),
    }


def _other_channels(around: ServiceEnvironment) -> dict[str, str]:
    """Mailboxes at the sink, letters in a folder, bounces at a port of the notifier's own."""
    if not around.mailbox_port or not around.bounce_port:
        return {}
    mailboxes = f"http://{ports.LOOPBACK}:{around.mailbox_port}/mailboxes"
    return {
        "AMTSWEG_MAILBOX__ENDPOINTS": json.dumps(dict.fromkeys(around.platforms, mailboxes)),
        "AMTSWEG_MAILBOX__KEYS_FILE": str(around.keys.mailboxes),
        "AMTSWEG_MAILBOX__NETWORKS": '["127.0.0.0/8"]',
        "AMTSWEG_LETTERS__FOLDER": str(around.letters),
        "AMTSWEG_LETTERS__RETURN_ADDRESS": "Amtsweg (Entwicklung), Beispielplatz 1, 65185 Wiesbaden",
        "AMTSWEG_BOUNCES__KEYS_FILE": str(around.keys.return_paths),
        "AMTSWEG_BOUNCES__HOST": ports.LOOPBACK,
        "AMTSWEG_BOUNCES__PORT": str(around.bounce_port),
    }


def _audit(around: ServiceEnvironment) -> dict[str, str]:
    return _postgres(around, "audit") | {
        "AMTSWEG_TILE_FOLDER": str(around.tile_folder),
        "AMTSWEG_LOG_ORIGIN": around.log_origin,
        "AMTSWEG_LOG_KEY_FILE": str(around.keys.log),
        "AMTSWEG_PSEUDONYM_KEY_FILE": str(around.keys.pseudonyms),
        "AMTSWEG_DIRECTORY": str(around.directory),
        "AMTSWEG_POLICY_FILE": str(around.keys.policy),
    }


def _common(around: ServiceEnvironment, service: str) -> dict[str, str]:
    """Kafka, as the principal that is named like the process, and HTTP."""
    settings = {
        "AMTSWEG_HTTP__HOST": ports.LOOPBACK,
        "AMTSWEG_HTTP__PORT": str(around.http[service]),
        "AMTSWEG_KAFKA__BOOTSTRAP": around.kafka.bootstrap,
        "AMTSWEG_KAFKA__SECURITY_PROTOCOL": around.kafka.security_protocol,
        "AMTSWEG_KAFKA__USERNAME": service,
        "AMTSWEG_KAFKA__PASSWORD_FILE": str(around.keys.of(service, "kafka-password")),
    }
    return settings | ({"AMTSWEG_KAFKA__CA_FILE": str(around.kafka.ca_file)} if around.kafka.ca_file else {})


def _sign_in(around: ServiceEnvironment, process: str) -> dict[str, str]:
    if not around.issuer:
        return {}
    return {
        "AMTSWEG_SIGN_IN__ISSUER": around.issuer,
        "AMTSWEG_SIGN_IN__CLIENT_ID": process,
        "AMTSWEG_SIGN_IN__CLIENT_SECRET_FILE": str(around.keys.sign_in(process)),
        "AMTSWEG_SIGN_IN__PUBLIC_URL": around.url(process),
    }


def _postgres(around: ServiceEnvironment, role: str) -> dict[str, str]:
    server = around.postgres
    return {
        "AMTSWEG_POSTGRES__URL": f"postgresql://{role}@{server.host}:{server.port}/{DATABASE}",
        "AMTSWEG_POSTGRES__PASSWORD_FILE": str(around.keys.of(role, "postgres-password")),
    }
