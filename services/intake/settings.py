"""What intake is told; a wrong value stops the start and names the variable."""

from typing import Annotated

from pydantic import Field, FilePath

from shared.settings import (
    HttpListener,
    Issuer,
    KafkaConnection,
    PostgresConnection,
    ProtectedUrl,
    ServiceSettings,
)


class Settings(ServiceSettings):
    """Read from the environment (``AMTSWEG_…``); secrets are paths of files.

    Attributes:
        issuer: our identifier as an authorization server (RFC 8414), an https URL; the only audience that a
            client's assertion may name.
        token_keys_file: private JWK or JWK Set (EC P-256) that signs access tokens; the last signs, all verify.
        platform_key_file: the platform's public JWK, to which content is sealed.
        notifier_key_file: the notifier's public JWK, to which contact data is sealed.
        hash_key_file: 32 bytes as 64 hex digits that key the hashes of content and request. If it is
            changed, a repetition of an older request is taken for a contradiction.
        redis_url: where requests are counted.
        requests_per_minute: a client's quota.
        max_in_flight: submissions worked on at once; the next one is told to come again.
    """

    kafka: KafkaConnection
    postgres: PostgresConnection
    http: HttpListener = HttpListener()
    issuer: Issuer
    token_keys_file: FilePath
    platform_key_file: FilePath
    notifier_key_file: FilePath
    hash_key_file: FilePath
    redis_url: ProtectedUrl
    requests_per_minute: Annotated[int, Field(ge=1)] = 60_000
    max_in_flight: Annotated[int, Field(ge=1, le=1000)] = 100
