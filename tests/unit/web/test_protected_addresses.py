"""Beyond loopback only verified TLS: each address that a setting names."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.settings import Issuer, KafkaConnection, PostgresConnection, ProtectedUrl

ISSUER: TypeAdapter[str] = TypeAdapter(Issuer)
URL: TypeAdapter[object] = TypeAdapter(ProtectedUrl)
HERE = ("127.0.0.1", "localhost", "[::1]")
ELSEWHERE = ("192.0.2.7", "kafka.example", "[2001:db8::1]", "127.0.0.1.example", "localhost.example")


@pytest.fixture
def login(tmp_path: Path) -> dict[str, str | Path]:
    (tmp_path / "password").touch()
    return {"username": "intake", "password_file": tmp_path / "password"}


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SASL_PLAINTEXT"])
def test_kafka_in_clear_stays_on_this_machine(protocol: str, login: dict[str, str | Path]) -> None:
    for host in HERE:
        KafkaConnection.model_validate({"bootstrap": f"{host}:9092", "security_protocol": protocol, **login})
    for host in ELSEWHERE:
        for bootstrap in (f"{host}:9092", f"127.0.0.1:9092, {host}:9092"):
            with pytest.raises(ValidationError, match="beyond loopback only verified TLS"):
                KafkaConnection.model_validate(
                    {"bootstrap": bootstrap, "security_protocol": protocol, **login}
                )


@pytest.mark.parametrize(("clear", "secure"), [("http", "https"), ("redis", "rediss")])
def test_an_address_in_clear_stays_on_this_machine(clear: str, secure: str) -> None:
    for host in HERE:
        URL.validate_python(f"{clear}://{host}:6379/0")
    for host in ELSEWHERE:
        URL.validate_python(f"{secure}://{host}:6379/0")
        with pytest.raises(ValidationError, match=f"use {secure}://"):
            URL.validate_python(f"{clear}://{host}:6379/0")


@pytest.mark.parametrize("weakened", ["ssl_cert_reqs=none", "ssl_check_hostname=False"])
def test_tls_that_verifies_nobody_is_none(weakened: str) -> None:
    with pytest.raises(ValidationError, match="without verification"):
        URL.validate_python(f"rediss://redis.example:6379/0?{weakened}")


def test_an_issuer_is_kept_as_it_is_written_and_is_https_beyond_loopback() -> None:
    assert ISSUER.validate_python("https://intake.example") == "https://intake.example"
    assert ISSUER.validate_python("http://127.0.0.1:8081") == "http://127.0.0.1:8081"
    with pytest.raises(ValidationError, match="use https://"):
        ISSUER.validate_python("http://intake.example")


def test_postgresql_beyond_loopback_is_verified() -> None:
    for host in HERE:
        PostgresConnection(url=f"postgresql://intake@{host}:5432/amtsweg")
    for host in ELSEWHERE:
        PostgresConnection(url=f"postgresql://intake@{host}:5432/amtsweg?sslmode=verify-full")
        for mode in ("", "?sslmode=prefer", "?sslmode=require", "?sslmode=verify-ca"):
            with pytest.raises(ValidationError, match="use sslmode=verify-full"):
                PostgresConnection(url=f"postgresql://intake@{host}:5432/amtsweg{mode}")
