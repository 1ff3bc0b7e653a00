"""Redis's own settings, as a file: a password in an argument can be read by everybody on the machine."""

from collections.abc import Iterator
from pathlib import PurePosixPath


def redis_settings(*, password: str, certificates: PurePosixPath | None, port: int = 6379) -> str:
    """The text of redis.conf: nothing is kept on disk; with certificates only TLS is spoken."""
    return "".join(f"{line}\n" for line in _lines(password, certificates, port))


def _lines(password: str, certificates: PurePosixPath | None, port: int) -> Iterator[str]:
    yield f"requirepass {password}"
    yield 'save ""'
    yield "appendonly no"
    yield "maxmemory 64mb"
    yield "maxmemory-policy allkeys-lru"
    if certificates is None:
        yield f"port {port}"
        yield "bind 127.0.0.1"
        return
    yield "port 0"
    yield f"tls-port {port}"
    yield "tls-auth-clients no"
    yield f"tls-cert-file {certificates / 'certificate.pem'}"
    yield f"tls-key-file {certificates / 'key.pem'}"
    yield f"tls-ca-cert-file {certificates / 'ca.pem'}"
