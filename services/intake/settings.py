"""Intake's settings; an invalid value prevents the start and the error names the variable."""

from typing import Annotated

from pydantic import DirectoryPath, Field, FilePath

from shared.settings import (
    HttpListener,
    Issuer,
    KafkaConnection,
    PostgresConnection,
    ProtectedUrl,
    ServiceSettings,
)


class Settings(ServiceSettings):
    """Read from the environment (``AMTSWEG_…``); secrets are paths of files."""

    kafka: KafkaConnection
    postgres: PostgresConnection
    http: HttpListener = HttpListener()
    issuer: Annotated[
        Issuer,
        Field(
            description="Our identifier as an authorization server (RFC 8414), an https URL; the only audience that a client's assertion may name."
        ),
    ]
    token_keys_file: Annotated[
        FilePath,
        Field(
            description="Private JWK or JWK Set (EC P-256) that signs access tokens; the last signs, all verify."
        ),
    ]
    platform_key_file: Annotated[
        FilePath, Field(description="The platform's public JWK, to which content is sealed.")
    ]
    notifier_key_file: Annotated[
        FilePath, Field(description="The notifier's public JWK, to which contact data is sealed.")
    ]
    hash_key_file: Annotated[
        FilePath,
        Field(
            description="32 bytes as 64 hex digits that key the hashes of content and request. If it is changed, a repetition of an older request counts as a contradiction."
        ),
    ]
    directory: Annotated[
        DirectoryPath | None,
        Field(
            description="Folder of the directory's tables, for names beside keys; without it no names are shown."
        ),
    ] = None
    doors_url: Annotated[
        ProtectedUrl | None,
        Field(
            description="Base URL of the authorities' doors, which answer inquiries of competence; `/v1/competence` redirects there."
        ),
    ] = None
    redis_url: Annotated[ProtectedUrl, Field(description="Redis, which counts requests.")]
    redis_password_file: Annotated[
        FilePath | None, Field(description="File with the password for Redis.")
    ] = None
    requests_per_minute: Annotated[int, Field(ge=1, description="Requests of one client in a minute.")] = (
        60_000
    )
    max_in_flight: Annotated[
        int,
        Field(
            ge=1,
            le=1000,
            description="Most submissions in progress; further requests get `too-many-in-flight` with `Retry-After`.",
        ),
    ] = 100
    names_requests_per_minute: Annotated[
        int,
        Field(
            ge=10,
            description="Searches for names per minute, a tenth of them for one address.",
        ),
    ] = 6000
