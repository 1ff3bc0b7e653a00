"""`amtsweg provision`: what `amtsweg up` does for its own parts, step by step for servers that others run."""

import os
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from amtsweg.language import said
from amtsweg.stack import endpoints, setup
from amtsweg.stack.endpoints import KafkaEndpoint, PostgresEndpoint
from amtsweg.stack.errors import WrongCallError
from amtsweg.stack.kafka_settings import (
    ADMIN,
    CONTROLLER,
    BrokerNode,
    Certificate,
    OutsideListener,
    format_arguments,
    properties,
)
from amtsweg.stack.provision.certificates import make_certificates
from amtsweg.stack.provision.keys import Keyring, make_token
from amtsweg.stack.provision.logins import write_secret
from amtsweg.stack.redis_settings import redis_settings
from amtsweg.terminal import echo

commands = typer.Typer(no_args_is_help=True, help="Prepare keys, and servers that already run.")

Folder = Annotated[Path, typer.Option(help="where the keys lie, one folder per owner")]
_IN_CONTAINER = PurePosixPath("/run/amtsweg")
OUTSIDE = "localhost:9094"
"""Where compose.yaml publishes the authorities' listener."""


@commands.command("keys")
def keys(
    folder: Folder,
    certificate: Annotated[list[str] | None, typer.Option(help="a host that listens")] = None,
    authorities: Annotated[
        str, typer.Option(help="where authorities reach Kafka from outside, host:port")
    ] = OUTSIDE,
) -> None:
    """Make what is missing: keys, tokens, the servers' passwords, and a certificate for each host named."""
    made = setup.make_secrets(folder)
    make_certificates(folder, hosts=tuple(certificate or ()), also={"kafka": authorities.rpartition(":")[0]})
    write_secret(made.keys.of("audit", "log.vkeys"), "".join(f"{key}\n" for key in made.keys.log_verifiers()))
    make_token(made.keys.of("postgres", "superuser-password"))
    write_secret(
        made.keys.of("kafka", "server.properties"), _kafka_in_container(made.keys, authorities=authorities)
    )
    write_secret(made.keys.of("kafka", "format-arguments"), _kafka_format(made.keys))
    password = make_token(made.keys.of("intake", "redis-password"))
    settings = redis_settings(password=password, certificates=_IN_CONTAINER)
    write_secret(made.keys.of("redis", "redis.conf"), settings)
    echo(
        said(
            de=f"Die Schlüssel liegen in {folder}; {len(made.authorities)} Behörden haben einen.",
            en=f"The keys lie in {folder}; {len(made.authorities)} authorities have one.",
        )
    )


@commands.command("servers")
def servers(
    folder: Folder,
    partitions: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            help="of each topic keyed by case, in an empty cluster; it bounds the router's replicas and stays",
        ),
    ] = None,
) -> None:
    """Make topics, users, grants, roles and schemas on the servers named by AMTSWEG_KAFKA_… and AMTSWEG_POSTGRES_URL."""
    kafka, postgres = _named_servers()
    made = setup.make_secrets(folder)
    setup.provision_postgres(postgres, made)
    setup.provision_kafka(kafka, made, partitions=partitions)
    echo(
        said(
            de=f"Kafka auf {kafka.bootstrap} und PostgreSQL auf {postgres.host} sind bereit für die Dienste.",
            en=f"Kafka at {kafka.bootstrap} and PostgreSQL at {postgres.host} are ready for the services.",
        )
    )


def _named_servers() -> tuple[KafkaEndpoint, PostgresEndpoint]:
    kafka, postgres = endpoints.kafka(os.environ), endpoints.postgres(os.environ)
    if kafka is None or postgres is None:
        raise WrongCallError(
            said(
                de="AMTSWEG_KAFKA_BOOTSTRAP und AMTSWEG_POSTGRES_URL müssen die Server nennen",
                en="AMTSWEG_KAFKA_BOOTSTRAP and AMTSWEG_POSTGRES_URL must name the servers",
            )
        )
    return kafka, postgres


def _kafka_format(keys: Keyring) -> str:
    """Arguments of `kafka-storage.sh format`, which reads them from the file, so that no process list shows a password."""
    return format_arguments(make_token(keys.of("kafka", f"{ADMIN}-password")))


def _kafka_in_container(keys: Keyring, *, authorities: str) -> str:
    """server.properties as compose.yaml mounts it, with the passwords that lie beside it."""
    passwords = {name: make_token(keys.of("kafka", f"{name}-password")) for name in (ADMIN, CONTROLLER)}
    certificate = Certificate(_IN_CONTAINER / "key-and-certificate.pem", _IN_CONTAINER / "ca.pem")
    return properties(
        BrokerNode(
            listens="0.0.0.0:9092",  # the container's own network; clients need password and TLS
            advertised="kafka:9092",
            controller="127.0.0.1:9093",
            data=PurePosixPath("/var/lib/kafka/data"),
            passwords=passwords,
            certificate=certificate,
            outside=OutsideListener(listens="0.0.0.0:9094", advertised=authorities),
        )
    )
